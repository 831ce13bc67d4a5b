# Statistics that would mislead after selection say why they are not there.

stop_after_selection <- function(what, by = "sparse_mtl", chosen = "features") {
  stop_sparsekin(
    what, " computed as if the selected ", chosen, " had been chosen in advance would be too optimistic, so none are given ",
    "for a fit whose ", chosen, " were selected on the same rows. Honest ways: split the rows, select on one half ",
    "(", by, "), then fit lm() to the selected ", chosen, " on the other half and use its summary(), confint() and ",
    "vcov(); or repeat the whole procedure, tuning included, on bootstrap samples.",
    class = "sparsekin_Unavailable"
  )
}

#' Standard errors, intervals and p-values: not available, and why
#'
#' These stop with the reason and with ways to honest ones: the features were selected on the same rows, so the usual
#' formulas are too optimistic.
#'
#' @param object a fit of [sparse_mtl()] or [mt_hal()].
#' @param parm,level,... not used.
#' @return Nothing; always an error of class `sparsekin_Unavailable`.
#' @name vcov.sparse_mtl
NULL

#' @rdname vcov.sparse_mtl
#' @export
pvalues <- function(object, ...) UseMethod("pvalues")
