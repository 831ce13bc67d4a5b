# What a call says of its rows. `task`, `weights`, `groups`, `folds`, `exposure` and `subset` are read as lm() reads weights: columns of the data
# come first, by their bare name or in quotes, then what the caller sees.

# A list: data (the rows of `subset`), task (name or NULL), weights, groups, folds, exposure (name, vector cut to `subset`, or NULL), missing,
# exclude (whether fitted values are padded), aside (columns that have a part of their own, so that `.` leaves them out), call (as it
# was written where arguments came through dots).
given_rows <- function(call, formula, data, env, missing) {
  data <- check_data(data)
  check_column_names(formula, data)
  data <- data[!duplicated(names(data)) & nzchar(names(data)) & !is.na(names(data))] # the others are not read
  outside <- outside_variables(formula, data)
  for (name in names(outside)) check_names(outside[[name]], name, row.names(data))
  data[names(outside)] <- outside
  spelled <- spell_dots(call, env)
  masked <- function(name) read_masked(spelled[[name]], name, data, env, call[[name]])
  rows <- subset_rows(spelled[["subset"]], data, env, call[["subset"]])
  given <- lapply(
    stats::setNames(nm = c("weights", "groups", "folds", "exposure")),
    function(name) cut_rows(masked(name), name, rows, nrow(data))
  )
  task <- masked("task")
  check_task(task, data)
  named <- Filter(function(part) is_name_of(part, data), c(list(task), given))
  action <- read_na_action(call[["na.action"]], env)
  for (part in c("groups", "folds")) if (is_name_of(given[[part]], data)) {
    given[[part]] <- cut_rows(data[[given[[part]]]], part, rows, nrow(data))
  }
  c(given, list(
    data = if (is.null(rows)) data else data[rows, , drop = FALSE], task = task,
    missing = if (is.null(action)) missing else action$missing, exclude = isTRUE(action$exclude), aside = c(unlist(named), names(outside)),
    call = spelled
  ))
}

# Variables of the formula that are not columns but have a value per row, so that rows which are left out are left out of them too.
outside_variables <- function(formula, data) {
  if (!inherits(formula, "formula")) return(NULL)
  names <- setdiff(all.vars(formula), c(names(data), "."))
  values <- lapply(stats::setNames(nm = names), get0, envir = environment(formula))
  Filter(function(value) is.atomic(value) && !is.null(value) && NROW(value) == nrow(data) && nrow(data) > 1L, values)
}

is_name_of <- function(part, data) is.character(part) && length(part) == 1L && part %in% names(data)

# A bare name of a column is that name; anything else is evaluated, columns first. `promise` is the argument where it came through
# the dots of a function that wraps ours (..1), else the same.
read_masked <- function(expression, name, data, env, promise = expression) {
  if (is.null(expression)) return(NULL)
  if (!is.symbol(expression)) return(in_argument(name, eval_masked(expression, data, env, promise)))
  column <- as.character(expression)
  if (!column %in% names(data)) return(in_argument(name, eval(promise, env)))
  other <- get0(column, envir = env, mode = "character")
  if (is_name_of(other, data) && other != column) {
    stop_sparsekin(
      name, " = ", column, " could be the column '", column, "' or, by the variable of that name, the column '", other,
      "'; write the one that is meant in quotes.", class = "sparsekin_OptionError"
    )
  }
  column
}

# What is written in the dots may name what only its writer sees.
eval_masked <- function(expression, data, env, promise) {
  if (identical(promise, expression)) return(eval(expression, data, env))
  tryCatch(eval(expression, data, env), error = function(e) eval(promise, env))
}

# A call whose arguments came through the dots of the function `env`, as they were written there.
spell_dots <- function(call, env) {
  parts <- as.list(call)
  through <- which(vapply(parts, function(part) is.symbol(part) && grepl("^\\.\\.[0-9]+$", as.character(part)), NA))
  if (!length(through)) return(call)
  written <- as.list(eval(quote(substitute(list(...))), env))[-1L]
  parts[through] <- written[as.integer(sub("..", "", vapply(parts[through], as.character, ""), fixed = TRUE))]
  as.call(parts)
}

in_argument <- function(name, value) {
  tryCatch(value, error = function(e) {
    if (inherits(e, "sparsekin_error")) stop(e)
    stop_sparsekin(name, " cannot be read: ", conditionMessage(e), ".", class = "sparsekin_OptionError")
  })
}

# Positions of the rows in `subset`, as lm() takes it; NULL for all.
subset_rows <- function(expression, data, env, promise = expression) {
  if (is.null(expression)) return(NULL)
  chosen <- in_argument("subset", eval_masked(expression, data, env, promise))
  if (is.null(chosen)) return(NULL)
  if (is.logical(chosen) && length(chosen) != nrow(data)) {
    stop_sparsekin(
      "subset has ", length(chosen), " values for ", nrow(data), " rows.", class = "sparsekin_DataError"
    )
  }
  rows <- tryCatch(seq_len(nrow(data))[if (is.logical(chosen)) which(chosen) else chosen], error = function(e) NA)
  if (is.character(chosen)) rows <- match(chosen, row.names(data))
  if (anyNA(rows)) stop_sparsekin("subset names rows that the data do not have.", class = "sparsekin_DataError")
  if (!length(rows)) stop_sparsekin("subset leaves no row.", class = "sparsekin_DataError")
  rows
}

# One value per row of the data, cut to the rows used; a name, a count and NULL stay as they are.
cut_rows <- function(values, name, rows, n) {
  if (is.null(rows) || length(values) != n || n == 1L) return(values)
  values[rows]
}

# na.omit and na.exclude drop incomplete rows, na.fail refuses them; NULL where the call does not say.
read_na_action <- function(expression, env) {
  if (is.null(expression)) return(NULL)
  action <- in_argument("na.action", eval(expression, env))
  known <- c("na.omit", "na.exclude", "na.fail")
  which <- if (is.character(action)) match(action, known) else {
    match(TRUE, vapply(known, function(name) identical(action, get(name, asNamespace("stats"))), NA))
  }
  if (is.null(action)) return(NULL)
  if (is.na(which[1L])) {
    stop_sparsekin("na.action must be na.omit, na.exclude or na.fail.", class = "sparsekin_OptionError")
  }
  list(missing = if (known[which] == "na.fail") "raise" else "drop", exclude = known[which] == "na.exclude")
}

given_or <- function(value, default) if (is.null(value)) default else value
