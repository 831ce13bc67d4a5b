#' @rdname vcov.sparse_mtl
#' @export
vcov.sparse_mtl <- function(object, ...) stop_after_selection("Covariances", object)
