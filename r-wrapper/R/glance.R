#' @rdname tidy.sparse_mtl
#' @method glance sparse_mtl
#' @export
glance.sparse_mtl <- function(x, ...) {
  names(x$overall)[names(x$overall) == "r2"] <- "r.squared"
  x$overall
}
