# Outcomes of several columns, survival times or successes and failures; offsets and strata.

# A list: y (n, K), parts as of outcome_parts(), outcome_levels of an outcome that is text or a factor.
read_response <- function(frame, terms, family, task) {
  if ("binomial" %in% unlist(family)) frame <- code_outcome(frame, terms)
  check_not_text(frame, terms, family)
  parts <- outcome_parts(frame[[attr(terms, "response")]], family, task)
  y <- if (is.null(parts)) read_outcomes(frame, terms) else shown_outcome(parts, deparse1(attr(terms, "variables")[[2L]]))
  if (ncol(y) > 1L && !is.null(task)) stop_two_meanings(task)
  if (ncol(y) == 2L && all(unlist(family) == "binomial") && any(y > 1, na.rm = TRUE)) {
    stop_sparsekin(
      "'", deparse1(attr(terms, "variables")[[2L]]), "' holds numbers above 1: successes and failures are those of tasks, so give ",
      "the column of tasks as task; without it two columns are two outcomes, each 0 and 1.", class = "sparsekin_DataError"
    )
  }
  list(y = y, parts = parts, outcome_levels = attr(frame, "outcome_levels"))
}

# The offset of the rows used, and the log of their exposure; NULL without any.
read_offset <- function(frame, exposure = NULL) {
  offset <- stats::model.offset(frame)
  if (!is.null(exposure)) offset <- (if (is.null(offset)) 0 else offset) + log(exposure)
  if (is.null(offset)) return(NULL)
  bad <- which(!is.finite(offset))
  if (length(bad)) {
    stop_sparsekin(
      "The offset is not finite in ", counted(length(bad), "row"), " (first: row '", row.names(frame)[bad[1L]], "').",
      class = "sparsekin_DataError"
    )
  }
  as.vector(offset)
}

# One positive number per row: time at risk, or the size of a group.
read_exposure <- function(exposure, data, family) {
  if (is.null(exposure)) return(NULL)
  if (!all(unlist(family) == "poisson")) {
    stop_sparsekin(
      "exposure is for family = \"poisson\", where rates are modelled; write offset() in the formula instead.",
      class = "sparsekin_OptionError"
    )
  }
  if (is.character(exposure) && length(exposure) == 1L) {
    check_column(exposure, "exposure", data)
    exposure <- data[[exposure]]
  }
  if (!is.numeric(exposure) || inherits(exposure, "integer64")) stop_sparsekin("exposure must be numbers.", class = "sparsekin_DataError")
  if (length(exposure) != nrow(data)) {
    stop_sparsekin("exposure has ", length(exposure), " values for ", nrow(data), " rows.", class = "sparsekin_DataError")
  }
  check_names(exposure, "exposure", row.names(data))
  wrong <- exposure[!is.na(exposure) & !(is.finite(exposure) & exposure > 0)]
  if (length(wrong)) {
    stop_sparsekin(
      "exposure holds ", format(wrong[1L]), "; the time at risk, or the size of a group, must be above 0 and finite.",
      class = "sparsekin_DataError"
    )
  }
  as.double(exposure)
}

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

# A formula without its strata() terms, the columns these name, and those of its offset() terms, which `.` leaves out.
split_apart <- function(formula, data) {
  check_two_sided(formula)
  pieces <- summands(formula[[3L]])
  at <- vapply(pieces, function(piece) is_call_of(piece$term, c("strata", "survival::strata")) && !piece$minus, NA)
  strata <- unique(unlist(lapply(pieces[at], function(piece) strata_columns(piece$term, data))))
  known <- vapply(pieces, function(piece) is_call_of(piece$term, "offset"), NA)
  offset <- unlist(lapply(pieces[known], function(piece) all.vars(piece$term)))
  if (any(at)) formula[[3L]] <- add_pieces(pieces[!at])
  if ("strata" %in% setdiff(all.names(formula[[3L]]), all.vars(formula[[3L]]))) {
    stop_sparsekin("strata() stands alone between plus signs, as in ~ age + strata(site).", class = "sparsekin_FormulaError")
  }
  list(formula = formula, strata = strata, offset = intersect(offset, names(data)))
}

is_call_of <- function(term, names) is.call(term) && deparse1(term[[1L]]) %in% names

strata_columns <- function(call, data) {
  vapply(as.list(call)[-1L], function(one) {
    if (is.name(one) && as.character(one) %in% names(data)) return(as.character(one))
    stop_sparsekin(
      "'", deparse1(one), "' in '", deparse1(call), "' is no column of the data; make it one before the fit.",
      class = "sparsekin_FormulaError"
    )
  }, "")
}

# A factor: rows that agree in all columns have one label; NULL without strata.
strata_labels <- function(data, columns) {
  if (!length(columns)) return(NULL)
  interaction(lapply(data[columns], as.character), drop = TRUE, sep = ", ")
}

# Names of the tasks; of a single outcome of several columns, as it was written.
core_tasks <- function(found, design) {
  if (is.null(design$parts) || !is.null(design$task)) unlist(found$tasks) else colnames(design$y)
}
