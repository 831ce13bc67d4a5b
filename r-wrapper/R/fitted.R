#' Fitted values and residuals
#'
#' @param object a fit of [sparse_mtl()] or [mt_hal()].
#' @param type `"response"`: outcome less fitted value; `"pearson"` and `"deviance"` as of [stats::residuals.glm()]. Of survival times
#'   `"martingale"`, the default, and `"deviance"`, as of `coxph()`.
#' @param ... not used.
#' @return A vector named by row, or for several outcomes a matrix with a column for each: of fitted values means, probabilities,
#'   expected counts, and of survival times hazards beside that where all columns are 0. Rows that were dropped are
#'   not there; a residual is `NA` where an outcome is missing.
#' @examplesIf sparsekin::core_available()
#' fit <- sparse_mtl(mpg ~ wt + hp + qsec, data = mtcars, task = "am", s = 2)
#' head(fitted(fit))
#' head(residuals(fit))
#' @name fitted.sparse_mtl
NULL

#' @rdname fitted.sparse_mtl
#' @export
fitted.sparse_mtl <- function(object, ...) stats::naresid(object$na.action, object$fitted.values)
