#' @rdname formula.sparse_mtl
#' @export
nobs.sparse_mtl <- function(object, ...) rows_used(object$design)

# The rows of a design that count: those of positive weight, as of lm().
rows_used <- function(design) if (is.null(design$weights)) length(design$ledger$kept) else sum(design$weights > 0)
