#' @rdname fitted.sparse_mtl
#' @export
residuals.sparse_mtl <- function(object, ...) stats::naresid(object$na.action, object$residuals)
