#' @rdname tidy.sparse_mtl
#' @method glance sparse_mtl
#' @export
glance.sparse_mtl <- function(x, ...) {
  names(x$overall)[names(x$overall) == "r2"] <- "r.squared"
  x$overall
}

#' @rdname refit.cv_sparse_mtl
#' @method glance cv_sparse_mtl
#' @export
glance.cv_sparse_mtl <- function(x, ...) x$overall
