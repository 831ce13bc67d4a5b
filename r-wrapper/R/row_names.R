# Rows pair by their names where both sides have any: a vector's names, a data frame's row names.

# `values`, one per row of the data, whose row names are `rows`. Names that are those of the rows in another order, or of
# other rows, are refused; names that are plainly not of rows (repeated ones, as in c(A = 1, B = 2)[site], or beside rows
# that are only counted) say nothing.
check_names <- function(values, name, rows) {
  labels <- if (is.matrix(values)) rownames(values) else if (is.null(dim(values))) names(values)
  comparable <- length(labels) == length(rows) && !anyDuplicated(labels) && !identical(labels, rows)
  if (comparable && (any(labels %in% rows) || !is_counted(rows))) stop_row_names(name, labels, "the data", rows)
  values
}

# Whether row names are numbers, which R gives to rows without names.
is_counted <- function(rows) all(grepl("^[0-9]+$", rows))

stop_row_names <- function(name, labels, other, rows) {
  at <- which(labels != rows)[1L]
  seen <- paste0(": row ", at, " is '", labels[at], "' in ", name, " and '", rows[at], "' in ", other, ". ")
  if (setequal(labels, rows)) {
    stop_sparsekin(
      "The rows of ", name, " and ", other, " are in different orders", seen, "Bring them into one order by their names, ",
      "or take the names off with unname(), which pairs them by position.", class = "sparsekin_DataError"
    )
  }
  stop_sparsekin(
    "The rows of ", name, " and ", other, " have different names", seen, "Select the same rows of both, or take the names ",
    "off with unname(), which pairs them by position.", class = "sparsekin_DataError"
  )
}

# Row names of the data of a fit, dropped rows included.
all_rows <- function(ledger) {
  rows <- character(ledger$n_given)
  rows[ledger$dropped] <- names(ledger$dropped)
  rows[setdiff(seq_along(rows), ledger$dropped)] <- ledger$kept
  rows
}
