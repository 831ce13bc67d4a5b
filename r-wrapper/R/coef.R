#' Coefficients of a sparse multi-task fit
#'
#' @param object a fit of [sparse_mtl()].
#' @param ... not used.
#' @return A matrix with a row per term (intercept, always-in terms, candidates) and a column per task; 0 where a task
#'   does not select a feature.
#' @export
coef.sparse_mtl <- function(object, ...) object$coefficients
