#' @rdname vcov.sparse_mtl
#' @export
logLik.sparse_mtl <- function(object, ...) {
  stop_sparsekin(
    "The fit minimises a penalised deviance over selected features, so a likelihood with a count of parameters ",
    "(and AIC or BIC from it) would be too optimistic. Compare settings with cv_sparse_mtl(), or use deviance().",
    class = "sparsekin_Unavailable"
  )
}
