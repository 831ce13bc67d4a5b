#' @rdname fitted.sparse_mtl
#' @export
residuals.sparse_mtl <- function(object, ...) object$residuals
