# The design of a fit, made as lm() makes it, on the rows that are complete.

# A list:
#   x (n, p) candidate columns, keep (n, q) always-in columns, y (n, K) outcomes, task (n) factor or NULL, weights (n)
#   or NULL; terms, xlevels, contrasts, kept (columns of the model matrix that are always in), intercept, multi_label,
#   variables (columns of the data that are read), task_name, formula, ledger; family, parts (see outcome_parts()), strata (n)
#   factor or NULL, offset (n) or NULL, exposed (whether the log of an exposure is in it).
make_design <- function(formula, given, keep, family = "gaussian") {
  data <- given$data
  task <- given$task
  per_row <- list(weights = read_weights(given$weights, data), exposure = read_exposure(given$exposure, data, family))
  apart <- split_apart(formula, data)
  used <- setdiff(names(data), c(given$aside, apart$strata, apart$offset))
  terms <- read_terms(apart$formula, data, used)
  check_apart(c(attr(terms, "term.labels"), keep), task)
  wanted <- read_keep(keep, terms, data[used])
  ledger <- find_gaps(with_columns(wanted$terms, apart$strata), data, task, per_row, given$missing)
  ledger <- drop_made_gaps(ledger, wanted$terms, data, given$missing)
  rows <- data[ledger$rows, , drop = FALSE]
  made <- model_columns(wanted$terms, rows)
  kept <- kept_columns(made$x, wanted)
  outcome <- read_response(made$frame, wanted$terms, family, task)
  labels <- if (is.null(task)) NULL else task_factor(rows[[task]])
  c(list(
    x = made$x[, setdiff(colnames(made$x), kept), drop = FALSE], keep = made$x[, kept, drop = FALSE], task = labels,
    weights = per_row$weights[ledger$rows], terms = made$terms, xlevels = made$xlevels, contrasts = made$contrasts, kept = kept,
    intercept = attr(made$terms, "intercept") == 1L && !identical(outcome$parts$call, "Surv"), multi_label = ncol(outcome$y) > 1L,
    variables = intersect(all.vars(stats::delete.response(made$terms)), names(data)), task_name = task, formula = formula,
    offset = read_offset(made$frame, per_row$exposure[ledger$rows]), exposed = !is.null(per_row$exposure),
    outcome_columns = intersect(all.vars(formula[[2L]]), names(data)), family = family,
    strata = strata_labels(rows, apart$strata), strata_columns = apart$strata,
    ledger = count_rows(ledger, data, task, labels, given$exclude)
  ), outcome)
}

check_data <- function(data, empty = FALSE) {
  if (!is.data.frame(data)) stop_sparsekin("data must be a data frame, not of class '", class(data)[1L], "'.")
  if (nrow(data) == 0L && !empty) stop_sparsekin("The data have no rows.", class = "sparsekin_DataError")
  as.data.frame(data)
}

# Columns that the formula reads have names, of their own, that no column of the model matrix has.
check_column_names <- function(formula, data) {
  read <- if (inherits(formula, "formula")) all.vars(formula) else character()
  names <- names(data)
  at <- if ("." %in% read) seq_along(names) else which(names %in% read)
  nameless <- at[is.na(names[at]) | names[at] == ""]
  twice <- unique(names[at][duplicated(names[at])])
  if (length(nameless)) {
    stop_sparsekin("Column ", nameless[1L], " of the data has no name; give it one.", class = "sparsekin_DataError")
  }
  if (length(twice)) {
    stop_sparsekin(
      sum(names == twice[1L]), " columns of the data are named '", twice[1L], "'; give every column a name of its own.",
      class = "sparsekin_DataError"
    )
  }
  if ("(Intercept)" %in% names[at]) {
    stop_sparsekin(
      "A column of the data is called '(Intercept)', as is the constant of every task in the tables of coefficients; rename it, ",
      "or leave it out if it is the constant.", class = "sparsekin_DataError"
    )
  }
}

check_task <- function(task, data) {
  if (is.null(task)) return(invisible())
  if (!is.character(task) || length(task) != 1L) {
    stop_sparsekin("task must be the name of one column, in quotes.", class = "sparsekin_OptionError")
  }
  check_column(task, "task", data)
}

check_column <- function(name, what, data) {
  if (!name %in% names(data)) {
    stop_sparsekin(
      what, " names column '", name, "', which the data do not have.", suggest(name, names(data)),
      class = "sparsekin_DataError"
    )
  }
}

# No term, given as text, is about the task column.
check_apart <- function(labels, task) {
  for (label in if (is.character(labels)) labels) {
    parsed <- tryCatch(str2lang(label), error = function(e) as.name(label))
    if (any(all.vars(parsed) == task)) {
      stop_sparsekin(
        "'", task, "' is the task column: it is constant within a task, and every task has coefficients of its own already. ",
        "Remove the term '", label, "'.", class = "sparsekin_FormulaError"
      )
    }
  }
}

stop_two_meanings <- function(task) {
  stop_sparsekin(
    "Several outcomes are tasks of their own, so there cannot be a task column ('", task, "') as well; fit one outcome ",
    "by task, or several outcomes without a task.", class = "sparsekin_FormulaError"
  )
}

read_weights <- function(weights, data) {
  if (is.null(weights)) return(NULL)
  if (is.character(weights) && length(weights) == 1L) {
    check_column(weights, "weights", data)
    weights <- data[[weights]]
  }
  if (!is.numeric(weights)) stop_sparsekin("The weights must be numbers.", class = "sparsekin_DataError")
  if (length(weights) != nrow(data)) {
    stop_sparsekin(
      "There are ", length(weights), " weights for ", nrow(data), " rows.", class = "sparsekin_DataError"
    )
  }
  as.double(check_names(weights, "weights", row.names(data)))
}

# Terms of the formula, `.` standing for the columns `used` that are not outcomes.
read_terms <- function(formula, data, used, offset = TRUE) {
  check_two_sided(formula)
  check_meaning(formula)
  # terms() warns of a bug of its own when the formula takes away a column that `.` does not have: y ~ . - weights.
  found <- in_formula(formula, suppressWarnings(stats::terms(formula, data = data[used])))
  if (!offset && !is.null(attr(found, "offset"))) {
    stop_sparsekin(
      "The formula has an offset, which this fit does not take. Subtract it from the outcome, for instance ",
      "I(y - offset) ~ ..., and add it to predictions.", class = "sparsekin_FormulaError"
    )
  }
  check_variables(found, data)
  if (has_unused(found)) terms_again(found) else found
}

# Whether a variable was taken away and is in no term: gaps in it are none of the model.
has_unused <- function(terms) {
  factors <- attr(terms, "factors")
  in_terms <- if (length(factors)) which(rowSums(factors) > 0) else integer()
  length(unique(c(attr(terms, "response"), attr(terms, "offset"), in_terms))) < length(attr(terms, "variables")) - 1L
}

# The terms and offsets, with more, of a formula made anew.
terms_again <- function(terms, added = character()) {
  offsets <- vapply(as.list(attr(terms, "variables"))[-1L][attr(terms, "offset")], deparse1, "")
  labels <- c(attr(terms, "term.labels"), added, offsets)
  stats::terms(stats::reformulate(
    if (length(labels)) labels else "1", stats::formula(terms)[[2L]], intercept = attr(terms, "intercept") == 1L,
    env = environment(terms)
  ))
}

check_two_sided <- function(formula) {
  if (!inherits(formula, "formula") || length(formula) != 3L) {
    stop_sparsekin("formula must be two-sided, such as y ~ x1 + x2.", class = "sparsekin_FormulaError")
  }
}

# y ~ x | g is a logical or in lm(), and y1 + y2 ~ x a sum: hardly what was meant.
check_meaning <- function(formula) {
  right <- formula[[3L]]
  if (is.call(right) && identical(right[[1L]], quote(`|`))) {
    by <- deparse1(right[[3L]])
    stop_sparsekin(
      "'| ", by, "' in the formula would be a logical or; for tasks use task = \"", by, "\".",
      class = "sparsekin_FormulaError"
    )
  }
  names <- lapply(summands(formula[[2L]]), function(piece) if (is.symbol(piece$term)) as.character(piece$term))
  if (length(names) > 1L && all(lengths(names) == 1L)) {
    listed <- paste(unlist(names), collapse = ", ")
    stop_sparsekin(
      "'", deparse1(formula[[2L]]), " ~' would be the sum of columns; for several outcomes use cbind(", listed,
      ") ~ ..., for their sum I(", deparse1(formula[[2L]]), ") ~ ....", class = "sparsekin_FormulaError"
    )
  }
}

# The terms, if the data or the formula's environment have all they name.
check_variables <- function(terms, data) {
  variables <- as.list(attr(terms, "variables"))[-1L]
  bare <- vapply(Filter(is.symbol, variables), as.character, "")
  absent <- Filter(function(name) !is_variable(name, data, environment(terms), !name %in% bare), all.vars(terms))
  if (length(absent)) {
    stop_sparsekin(
      "The formula names '", absent[1L], "', which the data do not have.", suggest(absent[1L], names(data)),
      class = "sparsekin_FormulaError"
    )
  }
  for (name in setdiff(all.vars(terms), names(data))) {
    check_names(get0(name, envir = environment(terms)), name, row.names(data))
  }
  terms
}

# `functions`: a function will do, as an argument in a call such as C(g, contr.sum).
is_variable <- function(name, data, env, functions = FALSE) {
  if (name %in% names(data)) return(TRUE)
  found <- get0(name, envir = env)
  !is.null(found) && (functions || !is.function(found))
}

shorten <- function(text, most = 80L) if (nchar(text) > most) paste0(strtrim(text, most - 3L), "...") else text

in_formula <- function(formula, value) {
  tryCatch(value, error = function(e) {
    if (inherits(e, "sparsekin_error")) stop(e)
    stop_sparsekin(
      "The formula ", shorten(deparse1(formula)), " cannot be used on these data: ", conditionMessage(e),
      class = "sparsekin_FormulaError"
    )
  })
}

# An outcome by several names is a matrix with a column for each.
read_outcomes <- function(frame, terms, advice = "; for two groups there is family = \"binomial\"") {
  y <- frame[[attr(terms, "response")]]
  name <- deparse1(attr(terms, "variables")[[2L]])
  if (inherits(y, "difftime")) y <- as.double(y)
  if (!is.numeric(y) && !is.logical(y)) {
    shown <- list_names(unique(as.character(y[!is.na(y)])), 3L)
    stop_sparsekin(
      "Outcome '", name, "' is not numeric (it holds ", shown, "); code it as numbers, for instance 1 for one group ",
      "and 0 for the other", advice, ".", class = "sparsekin_DataError"
    )
  }
  if (is.matrix(y)) {
    colnames(y) <- outcome_names(y, attr(terms, "variables")[[2L]])
    storage.mode(y) <- "double"
    return(unclass(y))
  }
  matrix(as.double(y), ncol = 1L, dimnames = list(NULL, name))
}

# Names of a matrix of outcomes; those that cbind() does not give are what was written.
outcome_names <- function(y, written) {
  names <- if (is.null(colnames(y))) rep("", ncol(y)) else colnames(y)
  parts <- if (is.call(written) && identical(written[[1L]], quote(cbind))) as.list(written)[-1L]
  unnamed <- names == ""
  if (length(parts) == ncol(y)) names[unnamed] <- vapply(parts, deparse1, "")[unnamed]
  names[names == ""] <- paste0("y", seq_len(ncol(y)))[names == ""]
  names
}

# Labels in an order that does not depend on the language of the session.
task_factor <- function(labels) {
  if (is.factor(labels)) return(droplevels(labels))
  known <- sort(unique(labels), method = "radix")
  factor(as.character(labels), levels = as.character(known))
}

# The model frame and matrix of complete rows; the intercept is left out of x.
model_columns <- function(terms, data) {
  formula <- stats::formula(terms)
  frame <- in_formula(formula, stats::model.frame(terms, data, na.action = stats::na.pass, drop.unused.levels = TRUE))
  terms <- attr(frame, "terms")
  factors <- frame[names(stats::.getXlevels(terms, frame))]
  check_several_levels(factors)
  warn_of_text(factors)
  x <- in_formula(formula, stats::model.matrix(terms, frame))
  contrasts <- attr(x, "contrasts")
  list(
    frame = frame, terms = terms, x = finite_columns(x, data), assign = attr(x, "assign"), contrasts = contrasts,
    xlevels = stats::.getXlevels(terms, frame)
  )
}

# The columns but the intercept; `term` says which term each belongs to.
finite_columns <- function(x, data) {
  from <- attr(x, "assign")
  columns <- x[, from > 0L, drop = FALSE]
  bad <- which(colSums(!is.finite(columns)) > 0)
  if (length(bad)) {
    rows <- which(!is.finite(columns[, bad[1L]]))
    stop_sparsekin(
      "Column '", colnames(columns)[bad[1L]], "' is not finite in ", counted(length(rows), "row"), " (first: row '",
      row.names(data)[rows[1L]], "'); only finite numbers can be used.", class = "sparsekin_DataError"
    )
  }
  if (anyDuplicated(colnames(columns))) {
    twice <- colnames(columns)[anyDuplicated(colnames(columns))]
    stop_sparsekin(
      "The formula makes two columns named '", twice, "'; rename a column.", class = "sparsekin_FormulaError"
    )
  }
  rownames(columns) <- NULL
  structure(columns, term = from[from > 0L])
}
