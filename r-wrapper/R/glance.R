#' @rdname tidy.sparse_mtl
#' @method glance sparse_mtl
#' @export
glance.sparse_mtl <- function(x, ...) {
  named <- c(r2 = "r.squared", null_deviance = "null.deviance", explained = "dev.ratio")
  at <- names(x$overall) %in% names(named)
  names(x$overall)[at] <- named[names(x$overall)[at]]
  x$overall
}

#' @rdname refit.cv_sparse_mtl
#' @method glance cv_sparse_mtl
#' @export
glance.cv_sparse_mtl <- function(x, ...) x$overall
