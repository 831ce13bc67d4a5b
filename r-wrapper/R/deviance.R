#' @rdname formula.sparse_mtl
#' @export
deviance.sparse_mtl <- function(object, ...) {
  weights <- object$design$weights
  sum((if (is.null(weights)) 1 else weights) * object$residuals^2, na.rm = TRUE)
}
