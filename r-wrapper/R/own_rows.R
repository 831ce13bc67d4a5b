# Whether a data frame holds the rows of a fit in their order: by its row names, and by its values.

# `rows`: row names of the data of the fit.
check_own_labels <- function(data, rows) {
  labels <- row.names(data)
  if (identical(labels, rows)) return(invisible())
  if (setequal(labels, rows) || !(is_counted(labels) || is_counted(rows))) stop_row_names("data", labels, "the fit", rows)
}

# `given` (n, m), columns of the data frame, against `known` (n, m), those of the fit.
check_own_values <- function(given, known, labels) {
  for (j in seq_len(ncol(known))) {
    size <- max(abs(known[, j]), 0, na.rm = TRUE)
    far <- abs(given[, j] - known[, j]) > 1e-8 * size
    at <- which(is.na(given[, j]) != is.na(known[, j]) | (!is.na(far) & far))[1L]
    if (!is.na(at)) {
      stop_sparsekin(
        "data does not hold the rows of the fit: '", colnames(known)[j], "' is ", format(given[at, j]), " in row '",
        labels[at], "' and was ", format(known[at, j]), " when fitting. Give the data frame the model was fitted to, in ",
        "its order.", class = "sparsekin_DataError"
      )
    }
  }
}

# The same for a fit of sparse_mtl() or mt_hal().
check_own_rows <- function(fit, data) {
  design <- fit$design
  check_own_labels(data, all_rows(design$ledger))
  used <- setdiff(seq_len(nrow(data)), design$ledger$dropped)
  labels <- row.names(data)[used]
  new <- if (is.null(design$smooth)) new_columns(fit, data) else new_hal_columns(fit, data)
  given <- matrix(NA_real_, nrow(data), ncol(new$x) + length(new$plain) / max(sum(new$complete), 1L))
  given[new$complete, ] <- cbind(new$x, new$plain)
  old <- if (is.null(design$smooth)) old_columns(design) else old_hal_columns(design)
  check_own_values(given[used, , drop = FALSE], cbind(old$x, old$plain), labels)
  check_own_values(own_outcomes(design, data)[used, , drop = FALSE], design$y, labels)
  if (!is.null(design$task) && !is.null(data[[design$task_name]])) {
    code <- function(task) matrix(match(as.character(task), levels(design$task)), dimnames = list(NULL, design$task_name))
    check_own_values(code(data[[design$task_name]][used]), code(design$task), labels)
  }
}

# (n, K) the outcomes of a data frame.
own_outcomes <- function(design, data) {
  y <- in_formula(design$formula, eval(attr(design$terms, "variables")[[2L]], data, environment(design$terms)))
  if (!is.null(design$outcome_levels)) y <- as.character(y) == design$outcome_levels[2L]
  if (!is.null(design$parts)) y <- shown_outcome(outcome_parts(y, "binomial", design$task_name), "")
  matrix(as.double(unlist(y)), nrow(data))
}

# The same for a fit of mixed_forms().
check_own_tables <- function(fit, data) {
  check_own_labels(data, fit$design$rows)
  known <- all_tables(fit$design)
  given <- new_tables(fit, data, c("y", "x", z_if_any(fit)))
  for (name in names(given)) check_own_values(unname(given[[name]]), known[[name]], row.names(data))
}
