#' @rdname vcov.sparse_mtl
#' @export
confint.sparse_mtl <- function(object, parm, level = 0.95, ...) stop_after_selection("Confidence intervals")
