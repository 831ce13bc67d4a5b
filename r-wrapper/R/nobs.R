#' @rdname formula.sparse_mtl
#' @export
nobs.sparse_mtl <- function(object, ...) length(object$ledger$kept)
