#' Coefficients of a multi-task highly adaptive lasso
#'
#' @param object a fit of [mt_hal()].
#' @param ... not used.
#' @return A matrix with a row per term (intercept, terms outside `h()`, functions selected) and a column per task.
#'   `I(age >= 50)` is a step, `(age - 50)+` a hinge.
#' @examplesIf sparsekin::core_available()
#' fit <- mt_hal(mpg ~ h(wt, hp), data = mtcars, task = "am", lambda = 0.3)
#' coef(fit)
#' @export
coef.mt_hal <- function(object, ...) object$coefficients

#' @rdname predict.mt_hal
#' @export
fitted.mt_hal <- function(object, ...) stats::naresid(object$na.action, object$fitted.values)

#' @rdname fitted.sparse_mtl
#' @export
residuals.mt_hal <- function(object, type = c("response", "pearson", "deviance", "martingale"), ...) {
  residuals_of(object, if (missing(type)) NULL else type)
}

#' @rdname formula.sparse_mtl
#' @export
formula.mt_hal <- function(x, ...) x$formula

#' @rdname formula.sparse_mtl
#' @export
nobs.mt_hal <- function(object, ...) rows_used(object$design)

#' @rdname formula.sparse_mtl
#' @export
deviance.mt_hal <- function(object, ...) {
  design <- object$design
  object$na.action <- NULL  # no padding
  if (all(object$families == "gaussian")) return(deviance.sparse_mtl(object))
  if (!all(object$families %in% c("gaussian", "binomial")) || !is.null(design$parts) || !is.null(design$offset)) {
    return(object$total_deviance)
  }
  link <- as.matrix(predict.mt_hal(object, type = "link"))
  families <- if (design$multi_label) object$families[col(link)] else object$families[own_tasks(design)]
  per_cell <- ifelse(families == "binomial", 2 * log_one_plus_exp((1 - 2 * design$y) * link), (design$y - link)^2)
  sum((if (is.null(design$weights)) 1 else design$weights) * per_cell, na.rm = TRUE)
}

log_one_plus_exp <- function(x) pmax(x, 0) + log1p(exp(-abs(x)))

#' @rdname vcov.sparse_mtl
#' @export
vcov.mt_hal <- function(object, ...) stop_after_selection("Covariances", object)

#' @rdname vcov.sparse_mtl
#' @export
confint.mt_hal <- function(object, parm, level = 0.95, ...) stop_after_selection("Confidence intervals", object)

#' @rdname vcov.sparse_mtl
#' @export
pvalues.mt_hal <- function(object, ...) stop_after_selection("P-values", object)

#' @rdname vcov.sparse_mtl
#' @export
logLik.mt_hal <- function(object, ...) {
  stop_sparsekin(
    "The fit minimises a penalised loss over selected functions, so a likelihood with a count of parameters (and AIC or ",
    "BIC from it) would be too optimistic. Compare settings with cv_mt_hal(), or use deviance().",
    class = "sparsekin_Unavailable"
  )
}
