#' @rdname vcov.sparse_mtl
#' @export
pvalues.sparse_mtl <- function(object, ...) {
  if (is.null(object$stability)) stop_after_selection("P-values", object)
  object$stability$p
}
