# Which columns are always in. `keep` names terms or columns of the design; a term the formula lacks is added to it.

# The terms with those of `keep`, and which entries are terms (the others must be columns of the design).
read_keep <- function(keep, terms, data) {
  if (!is.null(keep) && !is.character(keep)) {
    stop_sparsekin("keep must be names of terms or columns, in quotes.", class = "sparsekin_OptionError")
  }
  labels <- vapply(keep, keep_label, "", names(data), USE.NAMES = FALSE)
  known <- attr(terms, "term.labels")
  added <- setdiff(Filter(function(label) is_readable(label, data), labels), known)
  if (length(added)) terms <- terms_again(terms, added)
  list(terms = terms, labels = labels, given = keep)
}

# A column as a formula writes it; any other entry as a formula would print it.
keep_label <- function(entry, columns) {
  if (entry %in% columns) return(deparse1(as.name(entry), backtick = TRUE))
  parsed <- tryCatch(str2lang(entry), error = function(e) NULL)
  if (is.null(parsed)) entry else deparse1(parsed)
}

is_readable <- function(label, data) {
  parsed <- tryCatch(str2lang(label), error = function(e) NULL)
  names <- all.vars(parsed)
  length(names) > 0L && all(names %in% names(data))
}

# Names of the columns of x that are always in.
kept_columns <- function(x, wanted) {
  labels <- attr(wanted$terms, "term.labels")[attr(x, "term")]
  columns <- colnames(x)
  kept <- Map(function(label, given) {
    of_term <- columns[labels == label]
    if (length(of_term)) of_term else intersect(given, columns)
  }, wanted$labels, wanted$given)
  lost <- lengths(kept) == 0L
  if (any(lost)) {
    name <- wanted$given[lost][1L]
    stop_sparsekin(
      "keep names '", name, "', which is no column or term.", suggest(name, c(columns, labels)),
      class = "sparsekin_FormulaError"
    )
  }
  kept <- unique(unlist(kept))
  if (length(kept) == ncol(x)) {
    stop_sparsekin("The formula leaves no candidate column to select from.", class = "sparsekin_FormulaError")
  }
  intersect(columns, kept)
}
