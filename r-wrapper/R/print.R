#' Print a sparse multi-task fit
#'
#' @param x,object a fit of [sparse_mtl()], or its summary.
#' @param ... not used.
#' @return `x`, invisibly. [summary()] returns the fit as an object of class `summary.sparse_mtl`.
#' @name print.sparse_mtl
NULL

#' @rdname print.sparse_mtl
#' @export
print.sparse_mtl <- function(x, ...) {
  cat("Call:\n", paste(deparse(x$call), collapse = "\n"), "\n\n", sep = "")
  cat(tasks_text(x), ", ", rows_text(x), ", s = ", range_text(x$s), "\n", sep = "")
  cat(
    nrow(x$support), " candidates, ", length(x$selected), " selected in any task, ", length(x$homogeneity$core),
    " in every task\n\n", sep = ""
  )
  print_selected(x)
  invisible(x)
}

tasks_text <- function(x) {
  K <- length(x$tasks)
  if (x$design$multi_label) return(paste(K, "outcomes"))
  by <- if (is.null(x$design$task_name)) "" else paste0(" by ", x$design$task_name)
  paste0(K, if (K == 1L) " task" else " tasks", by)
}

rows_text <- function(x) {
  lost <- x$ledger$n_given - nobs(x)
  paste0(nobs(x), " rows", if (lost > 0L) paste0(" (", lost, " dropped)"))
}

range_text <- function(s) if (min(s) == max(s)) format(s[[1L]]) else paste(min(s), "to", max(s), "by task")
