#' @rdname vcov.sparse_mtl
#' @export
confint.sparse_mtl <- function(object, parm, level = 0.95, ...) {
  if (is.null(object$stability)) stop_after_selection("Confidence intervals")
  found <- object$stability
  terms <- rownames(found$slope)
  if (!missing(parm)) {
    unknown <- setdiff(parm, rownames(object$support))
    if (length(unknown)) stop_sparsekin("There is no candidate ", list_names(unknown), ".", class = "sparsekin_OptionError")
    terms <- parm
  }
  ends <- held_out_ends(found, level)
  rows <- expand.grid(task = colnames(object$support), term = terms, stringsAsFactors = FALSE)
  at <- cbind(match(rows$term, rownames(found$slope)), match(rows$task, colnames(found$slope)))
  percent <- paste(format(100 * c((1 - level) / 2, (1 + level) / 2), trim = TRUE, digits = 3L), "%")
  matrix(c(ends[cbind(at, 1L)], ends[cbind(at, 2L)]), ncol = 2L, dimnames = list(paste(rows$term, rows$task, sep = ":"), percent))
}
