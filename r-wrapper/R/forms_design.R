# The three tables of a mixed form, made as lm() makes its design; missing cells stay NA.

blocks <- c("y", "x", "z")

# A list:
#   tables: y (n, q), x (n, p_x), z (n, p_z; NULL: z is `random` crossed with the tasks, or absent);
#   recipes: for each of them, and for `random`, what make_table() learned; task (n) factor or NULL; task_name; formula;
#   random: columns crossed with the tasks, and whether their indicators are among them; rows (names); text (as sent).
make_forms_design <- function(formula, data, task, random) {
  data <- check_data(data)
  check_task(task, data)
  parts <- cut_formula(formula)
  env <- environment(formula)
  own <- !is.null(parts$z)
  outcomes <- read_responses(parts$y, data, env)
  used <- setdiff(names(data), c(task, all.vars(parts$y)))
  z <- if (own) read_table(parts$z, data, setdiff(used, all.vars(parts$x)), env)
  x <- read_table(parts$x, data, setdiff(used, if (own) all.vars(parts$z)), env)
  check_columns(x, z, formula)
  check_apart(attr(x$recipe$terms, "term.labels"), task)
  crossed <- if (!own && !is.null(task)) read_random(random, data)
  design <- list(
    tables = list(y = outcomes$values, x = x$values, z = z$values), recipes = list(
      y = list(columns = intersect(all.vars(parts$y), names(data))), x = x$recipe, z = z$recipe
    ), responses = parts$y, task = if (!is.null(task)) task_factor(data[[task]]), task_name = task, random = crossed,
    formula = formula, rows = row.names(data)
  )
  known <- rowSums(!is.na(design$tables$y)) > 0
  design$silent <- setdiff(levels(design$task), as.character(design$task[known]))
  design$text <- forms_text(design)
  design
}

# y1 + y2 ~ x1 + x2 | z1 + z2 as three sides, the last NULL where there is no "|".
cut_formula <- function(formula) {
  if (!inherits(formula, "formula") || length(formula) != 3L) {
    stop_sparsekin(
      "formula must be two-sided, such as y1 + y2 ~ x1 + x2 | z1 + z2.", class = "sparsekin_FormulaError"
    )
  }
  right <- formula[[3L]]
  split <- is.call(right) && identical(right[[1L]], quote(`|`))
  list(y = formula[[2L]], x = if (split) right[[2L]] else right, z = if (split) right[[3L]])
}

# The responses, a column for each term of the left side.
read_responses <- function(side, data, env) {
  terms <- stats::as.formula(call("~", side), env = env)
  check_variables(stats::terms(terms), data)
  parts <- lapply(summands(side), function(piece) {
    if (piece$minus) stop_sparsekin("Responses are joined by plus signs.", class = "sparsekin_FormulaError")
    y <- in_formula(terms, eval(piece$term, data, env))
    if (is.logical(y) && !all(is.na(y))) {
      stop_sparsekin(
        "Response '", deparse1(piece$term), "' holds true and false, but mixed forms are for numbers; use mt_hal() with ",
        "family = \"binomial\", or convert it to 0 and 1 to have it treated as a number.", class = "sparsekin_DataError"
      )
    }
    frame <- structure(list(y), names = "y", class = "data.frame", row.names = row.names(data))
    found <- read_outcomes(frame, structure(list(), response = 1L, variables = call("list", piece$term)))
    found
  })
  list(values = named_once(do.call(cbind, parts)))
}

# One side of the formula: a list of `values` (n, p) and the `recipe` to make them again.
read_table <- function(side, data, used, env) {
  formula <- stats::as.formula(call("~", side), env = env)
  terms <- check_variables(in_formula(formula, stats::terms(formula, data = data[used])), data)
  frame <- in_formula(
    formula, stats::model.frame(terms, data, na.action = stats::na.pass, drop.unused.levels = TRUE)
  )
  terms <- attr(frame, "terms")
  recipe <- list(
    terms = terms, xlevels = stats::.getXlevels(terms, frame), columns = intersect(all.vars(terms), names(data))
  )
  check_several_levels(frame[names(recipe$xlevels)])
  warn_of_text(frame[names(recipe$xlevels)])
  values <- in_formula(formula, table_values(terms, frame))
  recipe$contrasts <- attr(values, "contrasts")
  attr(values, "contrasts") <- NULL
  list(values = named_once(values), recipe = recipe)
}

# The columns of a model frame but the intercept, NA where missing.
table_values <- function(terms, frame, contrasts = NULL) {
  x <- stats::model.matrix(terms, frame, contrasts.arg = contrasts)
  structure(x[, attr(x, "assign") > 0L, drop = FALSE], contrasts = attr(x, "contrasts"), dimnames = list(
    NULL, colnames(x)[attr(x, "assign") > 0L]
  ))
}

named_once <- function(values) {
  if (anyDuplicated(colnames(values))) {
    stop_sparsekin(
      "The formula makes two columns named '", colnames(values)[anyDuplicated(colnames(values))], "'; rename a column.",
      class = "sparsekin_FormulaError"
    )
  }
  values
}

check_columns <- function(x, z, formula) {
  for (name in c("X", if (!is.null(z)) "Z")) {
    if (ncol((if (name == "X") x else z)$values) == 0L) {
      stop_sparsekin(
        "The formula ", deparse1(formula), " names no column of ", name, "; write y1 + y2 ~ x1 + x2 | z1 + z2.",
        class = "sparsekin_FormulaError"
      )
    }
  }
}

# ~ 1 + x: a list of `values` (n, r), `recipe`, and `intercept`, whether the tasks' indicators are among the columns.
read_random <- function(random, data) {
  if (!inherits(random, "formula") || length(random) != 2L) {
    stop_sparsekin("random must be a one-sided formula, such as ~ 1 + x.", class = "sparsekin_OptionError")
  }
  found <- read_table(random[[2L]], data, names(data), environment(random))
  c(found, intercept = attr(found$recipe$terms, "intercept") == 1L)
}

# The columns that are sent; one that two sides name is sent once.
forms_frame <- function(design) {
  parts <- c(design$tables[blocks], list(design$random$values))
  columns <- do.call(c, lapply(Filter(Negate(is.null), parts), function(table) as.list(as.data.frame(table))))
  names(columns) <- unlist(lapply(Filter(Negate(is.null), parts), colnames))
  if (!is.null(design$task)) columns[[design$task_name]] <- design$task
  columns <- columns[!duplicated(names(columns))]
  structure(columns, class = "data.frame", row.names = .set_row_names(length(design$rows)))
}

forms_text <- function(design) {
  side <- function(table) paste(vapply(colnames(table), tick, ""), collapse = " + ")
  text <- paste(side(design$tables$y), "~", side(design$tables$x))
  if (is.null(design$tables$z)) text else paste(text, "|", side(design$tables$z))
}

random_text <- function(random) {
  if (is.null(random)) return("1")
  paste(c(if (random$intercept) "1" else "0", vapply(colnames(random$values), tick, "")), collapse = " + ")
}

# (n, K r) each of r columns, 1 and those of `random`, times each task's indicator; NA in a row without a known task, or of
# a task that is `silent`, without any response.
crossed_columns <- function(random, values, task, task_name, silent) {
  columns <- cbind(if (random$intercept) rep(1, length(task)), values)
  hot <- outer(as.character(task), levels(task), `==`) * 1
  hot[task %in% silent, ] <- NA
  crossed <- do.call(cbind, lapply(seq_len(ncol(columns)), function(j) ifelse(hot == 0, 0, hot * columns[, j])))
  stems <- c(if (random$intercept) "", if (ncol(values)) paste0(colnames(values), ":"))
  colnames(crossed) <- paste0(rep(stems, each = nlevels(task)), task_name, levels(task))
  crossed
}

# The tables of the fit with Z as columns.
all_tables <- function(design) {
  tables <- design$tables[blocks]
  names(tables) <- blocks
  if (!is.null(design$random)) {
    tables$z <- crossed_columns(
      design$random, design$random$values, design$task, design$task_name, design$silent
    )
  }
  if (is.null(tables$z)) tables$z <- matrix(0, length(design$rows), 0L)
  tables
}
