#' Formula, number of rows and deviance of a fit
#'
#' @param x,object a fit of [sparse_mtl()], [mt_hal()] or [mixed_forms()].
#' @param ... not used.
#' @return `formula()`: the formula as given. `nobs()`: rows used, of which one of weight 0 is none, as of [lm()]. `deviance()`: the weighted sum of squared
#'   residuals over all tasks, without penalties; of binomial and poisson tasks as of [glm()], of survival times minus twice the log
#'   partial likelihood, beside the saturated one.
#' @examplesIf sparsekin::core_available()
#' fit <- sparse_mtl(mpg ~ wt + hp + qsec, data = mtcars, task = "am", s = 2)
#' formula(fit)
#' nobs(fit)
#' deviance(fit)
#' @name formula.sparse_mtl
NULL

#' @rdname formula.sparse_mtl
#' @export
formula.sparse_mtl <- function(x, ...) x$formula
