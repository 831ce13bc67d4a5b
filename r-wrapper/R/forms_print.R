#' Print a linear mixed form
#'
#' @param x,object a fit of [mixed_forms()], or its summary.
#' @param ... not used.
#' @return `x`, invisibly. [summary()] returns the fit as an object of class `summary.mixed_forms`.
#' @examplesIf sparsekin::core_available()
#' cars <- transform(mtcars, cyl = factor(cyl))
#' fit <- mixed_forms(mpg + qsec ~ wt + hp + disp, data = cars, task = "cyl", d = 1)
#' fit
#' summary(fit)
#' @name print.mixed_forms
NULL

forms_columns_shown <- 12L  # of a table, the largest loadings first
forms_responses_shown <- 8L
forms_tasks_shown <- 20L

#' @rdname print.mixed_forms
#' @export
print.mixed_forms <- function(x, ...) {
  print_call(x)
  cat(forms_size(x), "\n\nVariance explained:\n", sep = "")
  print_explained(x)
  invisible(x)
}

#' @rdname print.mixed_forms
#' @export
summary.mixed_forms <- function(object, ...) {
  class(object) <- "summary.mixed_forms"
  object
}

#' @rdname print.mixed_forms
#' @export
print.summary.mixed_forms <- function(x, ...) {
  class(x) <- "mixed_forms"
  cat("Linear mixed form\n\n")
  print_call(x)
  cat(forms_size(x), "\n", forms_status(x), "\n\nVariance explained:\n", sep = "")
  print_explained(x)
  titles <- c(y = "Loadings of Y (alpha)", x = "Loadings of X (beta)", z = "Loadings of Z (u)")
  for (name in blocks) if (nrow(x$loadings[[name]])) print_loadings(x$loadings[[name]], titles[[name]])
  if (!is.null(x$task_shifts)) print_shifts(x)
  print_implied(x)
  cat("\n", paste0(forms_notes(x), "\n"), sep = "")
  invisible(x)
}

forms_size <- function(x) {
  missing <- x$overall$n_missing
  counts <- vapply(x$loadings, nrow, 1L)
  paste0(
    counted(length(x$design$rows), "row"), "; ", paste(counts, toupper(names(counts)), collapse = " + "), " columns",
    if (missing > 0) paste0(", ", missing, " cells missing"), "; d = ", ncol(x$codes_fixed)
  )
}

forms_status <- function(x) {
  meaning <- sub("sweep limit", "sweep limit: the objective was still falling; raise max_sweeps", x$overall$status)
  meaning <- sub("interrupted", "interrupted: the best until then", meaning)
  sprintf(
    "%s, ridge %s, l1 %s%s\nObjective %s; %s (%d sweeps, %d starts, %.2f s)", x$options$algorithm,
    format(x$options$ridge), format(x$options$l1), if (isTRUE(x$options$orthogonal)) ", orthonormal loadings" else "",
    format(x$overall$objective, digits = 6L), meaning, nrow(x$trace), x$n_starts, x$overall$seconds
  )
}

print_explained <- function(x) {
  shares <- x$variance_explained
  cells <- matrix(sprintf("%.3f", as.matrix(shares)), nrow(shares))
  dimnames(cells) <- list(toupper(rownames(shares)), c("in all", "fixed", "random", "residual"))
  print_cells(cells)
}

print_loadings <- function(values, title) {
  size <- sqrt(rowSums(values^2))
  shown <- values[utils::head(order(-size), forms_columns_shown), , drop = FALSE]
  cells <- `dimnames<-`(matrix(sprintf("%.2f", shown), nrow(shown)), dimnames(shown))
  cells[shown == 0] <- ""
  cat("\n", title, ":\n", sep = "")
  print_cells(cells)
  left <- nrow(values) - nrow(shown)
  if (left > 0L) cat(left, "further columns have smaller loadings: see coef()\n")
}

print_shifts <- function(x) {
  shifts <- x$task_shifts
  rows <- seq_len(min(nrow(shifts), forms_tasks_shown))
  columns <- seq_len(min(ncol(shifts), forms_responses_shown))
  cat("\nShift by ", x$design$task_name, ":\n", sep = "")
  print_cells(text_cells(shifts[rows, columns, drop = FALSE]))
  if (length(rows) < nrow(shifts) || length(columns) < ncol(shifts)) cat("More tasks or responses: see $task_shifts\n")
}

print_implied <- function(x) {
  kinds <- c("fixed", "random", "residual", "total")
  all <- rownames(x$implied_correlation)
  names <- utils::head(all, forms_responses_shown)
  cat("\nVariance of Y implied:\n")
  diagonals <- vapply(x$implied_covariance[kinds], diag, numeric(length(all)))
  diagonals <- matrix(diagonals, length(all), dimnames = list(all, kinds))
  print_cells(text_cells(diagonals[names, , drop = FALSE]))
  if (length(names) > 1L) {
    correlation <- x$implied_correlation[names, names]
    cells <- `dimnames<-`(matrix(sprintf("%.2f", correlation), length(names)), dimnames(correlation))
    cells[upper.tri(cells)] <- ""
    cat("\nCorrelation implied:\n")
    print_cells(cells)
  }
  if (length(all) > length(names)) cat("More responses: see $implied_covariance, $implied_correlation\n")
}

forms_notes <- function(x) {
  loadings <- if (isTRUE(x$options$orthogonal)) {
    "Loadings: orthonormal columns."
  } else {
    "Loadings: standard deviations of a column per unit of the code."
  }
  c(loadings, x$notes, "No standard errors: signs and rotations of loadings are arbitrary. For intervals: confint().")
}
