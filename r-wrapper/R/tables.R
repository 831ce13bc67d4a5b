# Matrices of numbers as text, blank where a task does not select a feature.

many_tasks <- 12L  # more tasks than this: their range instead of a column each
many_features <- 60L

number_digits <- function() max(3L, getOption("digits") - 3L)

# Coefficients of the unpenalised terms (a row each).
unpenalised <- function(object) {
  names <- c(if (object$design$intercept) "(Intercept)", colnames(object$design$keep))
  object$coefficients[names, , drop = FALSE]
}

# Coefficients of the selected features in the order they are shown, NA where not selected.
selected_coefficients <- function(object) {
  names <- rownames(object$support)[object$ranked]
  values <- object$coefficients[names, , drop = FALSE]
  values[!object$support[names, , drop = FALSE]] <- NA
  values
}

task_columns <- function(values) {
  if (ncol(values) <= many_tasks) return(text_cells(values))
  text_cells(t(apply(values, 1L, function(row) {
    seen <- row[!is.na(row)]
    if (length(seen)) c(mean = mean(seen), min = min(seen), max = max(seen)) else c(mean = NA, min = NA, max = NA)
  })))
}

text_cells <- function(values, digits = number_digits()) {
  out <- apply(values, 2L, function(column) formatC(column + 0, digits = digits, format = "g", flag = "#"))
  out <- matrix(sub("\\.$", "", out), nrow(values), dimnames = dimnames(values))
  out[is.na(values)] <- ""
  out
}

# "1 row", "2 rows".
counted <- function(n, one) paste0(n, " ", one, if (n != 1) "s")

print_cells <- function(cells) {
  names(dimnames(cells)) <- NULL
  print(cells, quote = FALSE, right = TRUE)
}

print_selected <- function(object) {
  values <- selected_coefficients(object)
  if (nrow(values) == 0L) {
    cat("No feature is selected in any task.\n")
    return(invisible())
  }
  in_tasks <- paste0(rowSums(!is.na(values)), "/", ncol(values))
  in_settings <- if (!is.null(object$inclusion)) mean_shares(object$inclusion[rownames(values), , drop = FALSE], !is.na(values))
  cells <- cbind(`in tasks` = in_tasks, `in settings` = in_settings, task_columns(values))
  shown <- utils::head(cells, many_features)
  print_cells(shown)
  left <- nrow(values) - nrow(shown)
  if (left > 0L) cat(left, "further features are selected in fewer tasks or are smaller: see tidy().\n")
}
