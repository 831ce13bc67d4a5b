#' @rdname vcov.sparse_mtl
#' @export
pvalues.sparse_mtl <- function(object, ...) stop_after_selection("P-values")
