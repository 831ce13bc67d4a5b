# Which rows are complete, and why the others are not used.

# `per_row`: weights and the like, by name, one value per row or NULL.
find_gaps <- function(terms, data, task, per_row, missing) {
  missing <- check_choice(missing, "missing", c("raise", "drop"))
  gaps <- row_gaps(terms, data, task, per_row)
  gone <- Reduce(`|`, gaps, logical(nrow(data)))
  reasons <- vapply(gaps, sum, 1L)
  reasons <- sort(reasons[reasons > 0L], decreasing = TRUE)
  if (any(gone) && missing == "raise") {
    stop_sparsekin(
      "Missing values in ", sum(gone), " of ", nrow(data), " rows: ", list_counts(reasons),
      ". Fill them in, or use missing = \"drop\" to leave these rows out.", class = "sparsekin_DataError"
    )
  }
  if (all(gone)) {
    stop_sparsekin(
      "No complete row is left of ", nrow(data), ": ", list_counts(reasons), ".", class = "sparsekin_DataError"
    )
  }
  list(rows = which(!gone), dropped = which(gone), reasons = reasons)
}

# Rows where a term makes a missing value of one that was there, such as the log of a negative number, are dropped as well.
drop_made_gaps <- function(ledger, terms, data, missing) {
  if (missing != "drop") return(ledger)
  used <- data[ledger$rows, , drop = FALSE]
  frame <- in_formula(stats::formula(terms), suppressWarnings(stats::model.frame(
    stats::delete.response(terms), used, na.action = stats::na.pass
  )))
  gaps <- Filter(any, lapply(frame, missing_rows))
  if (!length(gaps)) return(ledger)
  gone <- Reduce(`|`, gaps)
  reasons <- sort(c(ledger$reasons, vapply(gaps, sum, 1L)), decreasing = TRUE)
  if (all(gone)) {
    stop_sparsekin("No complete row is left of ", nrow(data), ": ", list_counts(reasons), ".", class = "sparsekin_DataError")
  }
  list(rows = ledger$rows[!gone], dropped = sort(c(ledger$dropped, ledger$rows[gone])), reasons = reasons)
}

# Per column with a gap: which rows miss it. A row is used when one of its outcomes is there.
row_gaps <- function(terms, data, task, per_row) {
  covariates <- intersect(all.vars(stats::delete.response(terms)), names(data))
  gaps <- lapply(data[covariates], missing_rows)
  outcome <- attr(terms, "variables")[[2L]]
  y <- in_formula(stats::formula(terms), suppressWarnings(eval(outcome, data, environment(terms))))
  several <- is.matrix(y) && !inherits(y, "Surv")
  gaps[[if (several) "all outcomes" else deparse1(outcome)]] <- outcome_gaps(y)
  if (!is.null(task)) gaps[[task]] <- is.na(data[[task]])
  c(gaps, lapply(Filter(Negate(is.null), per_row), is.na))
}

missing_rows <- function(column) if (is.matrix(column)) rowSums(is.na(column)) > 0 else is.na(column)

list_counts <- function(counts) paste0(names(counts), " (", counts, ")", collapse = ", ")

# What a summary says about the rows.
count_rows <- function(ledger, data, task, labels, exclude = FALSE) {
  kept <- row.names(data)[ledger$rows]
  dropped <- structure(ledger$dropped, names = row.names(data)[ledger$dropped], class = if (exclude) "exclude" else "omit")
  given <- if (is.null(task)) NULL else table(factor(as.character(data[[task]]), levels = levels(labels)))
  list(
    n_given = nrow(data), kept = kept, dropped = dropped, reasons = ledger$reasons,
    given = if (is.null(given)) NULL else stats::setNames(as.integer(given), names(given))
  )
}
