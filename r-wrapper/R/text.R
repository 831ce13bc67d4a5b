# Text that should hardly be a factor: numbers with a mark for what is missing, and names of rows.

# Warns of each of `columns`, text and factors on the rows used, that has more than n/4 levels or whose texts are numbers;
# of factors, which were chosen to be such, only where some of the texts are no numbers.
warn_of_text <- function(columns) {
  for (name in names(columns)) {
    column <- columns[[name]]
    texts <- as.character(column[!is.na(column)])
    if (is.numeric(column) || is.logical(column) || !length(texts)) next
    if (!warn_of_numbers(name, texts, is.factor(column))) warn_of_levels(name, length(unique(texts)), length(column))
  }
}

warn_of_levels <- function(name, n_levels, n_rows) {
  if (n_levels <= max(n_rows / 4, 5)) return(invisible())
  warn_sparsekin(
    "Column '", name, "' has ", n_levels, " different values in ", n_rows, " rows, so it makes ", n_levels - 1L,
    " columns, each of them little more than one row. If it names rows, patients or sites, take it out of the formula or ",
    "give it as task or groups; else merge its values into fewer.", class = "sparsekin_DataWarning"
  )
}

# Whether a warning was given that most of the texts are numbers.
warn_of_numbers <- function(name, texts, chosen) {
  numbers <- is_number(texts)
  if (mean(numbers) < 0.9 || (chosen && all(numbers))) return(FALSE)
  warn_sparsekin(
    "Column '", name, "' is text, but ", floor(100 * mean(numbers)), " % of its values are numbers",
    if (!all(numbers)) paste0(" (not ", list_names(unique(texts[!numbers]), 3L), ")"), "; as text, its ",
    length(unique(texts)), " different values make ", length(unique(texts)) - 1L, " columns. Make numbers of it, as by ",
    "as.numeric(as.character(data$", name, ")), which makes the rest missing; or write factor(", name, ") if categories ",
    "are meant.", class = "sparsekin_DataWarning"
  )
  TRUE
}

# Whether each text is a number, with a decimal point or comma.
is_number <- function(texts) !is.na(suppressWarnings(as.numeric(sub(",", ".", trimws(texts), fixed = TRUE))))

# Refuses factors of one level, for which there is no contrast, by name.
check_several_levels <- function(columns) {
  for (name in names(columns)) {
    column <- columns[[name]]
    seen <- unique(as.character(column[!is.na(column)]))
    if ((is.factor(column) || is.character(column)) && length(seen) == 1L) {
      stop_sparsekin(
        "'", name, "' has one level in the rows used, '", seen, "', so it says nothing; take it out of the formula.",
        class = "sparsekin_DataError"
      )
    }
  }
}
