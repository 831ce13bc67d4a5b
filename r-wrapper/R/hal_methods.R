#' Coefficients of a multi-task highly adaptive lasso
#'
#' @param object a fit of [mt_hal()].
#' @param ... not used.
#' @return A matrix with a row per term (intercept, terms outside `h()`, functions selected) and a column per task.
#'   `I(age >= 50)` is a step, `(age - 50)+` a hinge.
#' @export
coef.mt_hal <- function(object, ...) object$coefficients

#' @rdname predict.mt_hal
#' @export
fitted.mt_hal <- function(object, ...) object$fitted.values

#' @rdname predict.mt_hal
#' @export
residuals.mt_hal <- function(object, ...) object$residuals

#' @rdname formula.sparse_mtl
#' @export
formula.mt_hal <- function(x, ...) x$formula

#' @rdname formula.sparse_mtl
#' @export
nobs.mt_hal <- function(object, ...) length(object$ledger$kept)

#' @rdname formula.sparse_mtl
#' @export
deviance.mt_hal <- function(object, ...) deviance.sparse_mtl(object)

#' @rdname vcov.sparse_mtl
#' @export
vcov.mt_hal <- function(object, ...) stop_after_selection("Covariances", "mt_hal", "functions")

#' @rdname vcov.sparse_mtl
#' @export
confint.mt_hal <- function(object, parm, level = 0.95, ...) stop_after_selection("Confidence intervals", "mt_hal", "functions")

#' @rdname vcov.sparse_mtl
#' @export
pvalues.mt_hal <- function(object, ...) stop_after_selection("p-values", "mt_hal", "functions")

#' @rdname vcov.sparse_mtl
#' @export
logLik.mt_hal <- function(object, ...) {
  stop_sparsekin(
    "The fit minimises a penalised loss over selected functions, so a likelihood with a count of parameters (and AIC or ",
    "BIC from it) would be too optimistic. Compare settings with cv_mt_hal(), or use deviance().",
    class = "sparsekin_Unavailable"
  )
}
