# Outcomes of several columns, survival times or successes and failures; offsets and strata.

# A list: call ("Surv" or "cbind") and columns (n, 2 or 3) as the core takes them; NULL for an outcome of numbers. cbind() is
# successes and failures in a binomial model by task; without a task it is several outcomes.
outcome_parts <- function(y, family, task) {
  if (inherits(y, "Surv")) return(list(call = "Surv", columns = surv_columns(y)))
  if (!is.matrix(y) || is.null(task) || !all(unlist(family) == "binomial")) return(NULL)
  if (ncol(y) != 2L) {
    stop_sparsekin(
      "A binomial outcome of ", ncol(y), " columns by task; write cbind(successes, failures).", class = "sparsekin_FormulaError"
    )
  }
  list(call = "cbind", columns = `dimnames<-`(unclass(y) + 0, list(NULL, c("(successes)", "(failures)"))))
}

surv_columns <- function(y) {
  type <- attr(y, "type")
  names <- list(right = c("(time)", "(status)"), counting = c("(start)", "(stop)", "(status)"))[[type]]
  if (is.null(names)) {
    stop_sparsekin(
      "Survival times of type '", type, "' cannot be fitted; give Surv(time, status) or Surv(start, stop, status).",
      class = "sparsekin_DataError"
    )
  }
  matrix(as.double(y), ncol = length(names), dimnames = list(NULL, names))
}

# (n, 1) what stands for an outcome of several columns: its time, or its share of successes.
shown_outcome <- function(parts, name) {
  columns <- parts$columns
  shown <- if (parts$call == "Surv") columns[, ncol(columns) - 1L] else columns[, 1L] / pmax(rowSums(columns), 1)
  matrix(shown, ncol = 1L, dimnames = list(NULL, name))
}

# Which rows have an outcome: all of its columns where they belong together, else any.
outcome_gaps <- function(y) {
  if (inherits(y, "Surv")) return(rowSums(is.na(matrix(as.double(y), ncol = ncol(y)))) > 0)
  if (is.matrix(y)) rowSums(!is.na(y)) == 0 else is.na(y)
}

# A formula without its strata() terms, and the columns these name.
split_strata <- function(formula, data) {
  pieces <- summands(formula[[3L]])
  at <- vapply(pieces, function(piece) is_strata(piece$term) && !piece$minus, NA)
  columns <- unique(unlist(lapply(pieces[at], function(piece) strata_columns(piece$term, data))))
  if (any(at)) formula[[3L]] <- add_pieces(pieces[!at])
  list(formula = formula, columns = columns)
}

is_strata <- function(term) {
  is.call(term) && deparse1(term[[1L]]) %in% c("strata", "survival::strata")
}

strata_columns <- function(call, data) {
  vapply(as.list(call)[-1L], function(one) {
    if (is.name(one) && as.character(one) %in% names(data)) return(as.character(one))
    stop_sparsekin(
      "'", deparse1(one), "' in '", deparse1(call), "' is no column of the data; make it one before the fit.",
      class = "sparsekin_FormulaError"
    )
  }, "")
}

# Codes of the rows that agree in all columns; NULL without strata.
strata_codes <- function(data, columns) {
  if (!length(columns)) return(NULL)
  as.integer(interaction(lapply(data[columns], as.character), drop = TRUE))
}

# Names of the tasks; of a single outcome of several columns, as it was written.
core_tasks <- function(found, design) {
  if (is.null(design$parts) || !is.null(design$task)) unlist(found$tasks) else colnames(design$y)
}
