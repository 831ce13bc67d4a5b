#' Fitted values and residuals
#'
#' @param object a fit of [sparse_mtl()].
#' @param ... not used.
#' @return A vector named by row, or for several outcomes a matrix with a column for each. Rows that were dropped are
#'   not there; a residual is `NA` where an outcome is missing.
#' @name fitted.sparse_mtl
NULL

#' @rdname fitted.sparse_mtl
#' @export
fitted.sparse_mtl <- function(object, ...) stats::naresid(object$na.action, object$fitted.values)
