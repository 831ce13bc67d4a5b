#' @rdname formula.sparse_mtl
#' @export
deviance.sparse_mtl <- function(object, ...) {
  if (!all_gaussian(object$families)) return(object$total_deviance)
  weights <- object$design$weights
  sum((if (is.null(weights)) 1 else weights) * object$residuals^2, na.rm = TRUE)
}
