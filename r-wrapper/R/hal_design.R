# The design of a highly adaptive lasso: columns for h(), and the terms outside h() as lm() would make them.

# The list of make_design(), where `keep` (n, q) are the columns of the terms outside h(), and
#   smooth (columns of the data in h(), as sent), levels (of those that are factors), calls, text (the formula as sent).
# The columns x (n, d) come with the first reply of the core: see smooth_columns().
make_hal_design <- function(formula, given, family) {
  data <- given$data
  task <- given$task
  weight <- read_weights(given$weights, data)
  parts <- read_smooth(formula, data)
  apart <- split_apart(parts$formula, data)
  terms <- read_terms(apart$formula, data, setdiff(names(data), given$aside))
  check_apart(attr(terms, "term.labels"), task)
  wanted <- smooth_names(parts, terms, data, c(given$aside, apart$strata))
  ledger <- find_gaps(with_columns(terms, c(wanted, apart$strata)), data, task, list(weights = weight), given$missing)
  ledger <- drop_made_gaps(ledger, terms, data, given$missing)
  used <- data[ledger$rows, , drop = FALSE]
  made <- model_columns(terms, used)
  outcome <- read_response(made$frame, terms, family, task)
  labels <- if (is.null(task)) NULL else task_factor(used[[task]])
  smooth <- smooth_frame(used, wanted)
  warn_of_text(used[wanted])
  keep <- made$x
  attr(keep, "term") <- NULL
  design <- c(list(
    keep = keep, task = labels, weights = weight[ledger$rows], terms = made$terms, xlevels = made$xlevels,
    contrasts = made$contrasts, intercept = attr(made$terms, "intercept") == 1L && !identical(outcome$parts$call, "Surv"),
    multi_label = ncol(outcome$y) > 1L,
    variables = intersect(c(all.vars(stats::delete.response(made$terms)), wanted), names(data)), smooth = smooth,
    levels = lapply(Filter(is.factor, smooth), levels), task_name = task, formula = formula, offset = read_offset(made$frame),
    strata = strata_labels(used, apart$strata), strata_columns = apart$strata, outcome_columns = intersect(all.vars(formula[[2L]]), names(data)),
    ledger = count_rows(ledger, data, task, labels, given$exclude)
  ), outcome)
  design$text <- sent_formula(parts$calls, design)
  design
}

# Columns in h(): those named and, where there is a ".", all that have no other part in the fit.
smooth_names <- function(parts, terms, data, roles) {
  plain <- intersect(all.vars(stats::delete.response(terms)), names(data))
  outcomes <- intersect(all.vars(parts$formula[[2L]]), names(data))
  named <- setdiff(parts$names, ".")
  for (name in named) check_smooth_name(name, parts$calls, c(outcomes, roles), plain)
  others <- setdiff(names(data), c(roles, outcomes, plain))
  if ("." %in% parts$names) names(data)[names(data) %in% c(named, others)] else named
}

check_smooth_name <- function(name, calls, roles, plain) {
  by <- deparse1(Filter(function(call) name %in% called_names(call), calls)[[1L]])
  if (name %in% roles) {
    stop_sparsekin(
      "'", name, "' in '", by, "' is an outcome, the task or the weights; remove it.", class = "sparsekin_FormulaError"
    )
  }
  if (name %in% plain) {
    stop_sparsekin(
      "'", name, "' is in '", by, "' and in a term outside h(); write it in one of them.",
      class = "sparsekin_FormulaError"
    )
  }
}

# The terms with more columns of the data, to see which rows are complete.
with_columns <- function(terms, columns) {
  formula <- stats::formula(terms)
  formula[[3L]] <- Reduce(function(sum, name) call("+", sum, as.name(name)), columns, formula[[3L]])
  stats::terms(formula)
}

# Numbers as they are, logical values as 0 and 1, text and factors as unordered factors without unused levels.
smooth_frame <- function(data, columns) {
  frame <- lapply(stats::setNames(columns, columns), function(name) {
    column <- data[[name]]
    if (is.logical(column)) return(as.double(column))
    if (is.character(column) || is.factor(column)) {
      labels <- task_factor(column)
      return(factor(as.character(labels), levels = levels(labels)))
    }
    if (is.numeric(column) && is.null(dim(column)) && !is.object(column)) return(as.double(column))
    stop_sparsekin(
      "Column '", name, "' of class '", class(column)[1L], "' cannot stand in h(); make it numbers, text or a factor.",
      class = "sparsekin_DataError"
    )
  })
  as.data.frame(frame, optional = TRUE)
}

# The columns that are sent: outcomes, those in h(), those outside it, offset and strata, the task.
sent_frame <- function(design) {
  outcomes <- if (is.null(design$parts)) design$y else design$parts$columns
  parts <- c(as.list(as.data.frame(outcomes)), as.list(design$smooth), as.list(as.data.frame(design$keep)))
  names(parts) <- c(colnames(outcomes), names(design$smooth), colnames(design$keep))
  parts[["(offset)"]] <- design$offset
  parts[["(strata)"]] <- design$strata
  if (!is.null(design$task)) parts[[design$task_name]] <- design$task
  twice <- names(parts)[duplicated(names(parts))]
  if (length(twice)) {
    stop_sparsekin(
      "The formula makes two columns named '", twice[1L], "'; rename a column.", class = "sparsekin_FormulaError"
    )
  }
  structure(parts, class = "data.frame", row.names = .set_row_names(nrow(design$y)))
}

sent_formula <- function(calls, design) {
  right <- c(
    if (!design$intercept) "0", vapply(calls, smooth_text, ""), vapply(colnames(design$keep), tick, ""),
    if (!is.null(design$offset)) "offset(`(offset)`)", if (!is.null(design$strata)) "strata(`(strata)`)"
  )
  left <- if (is.null(design$parts)) colnames(design$y) else colnames(design$parts$columns)
  left <- paste(vapply(left, tick, ""), collapse = if (is.null(design$parts)) " + " else ", ")
  if (!is.null(design$parts)) left <- paste0(design$parts$call, "(", left, ")")
  paste(left, "~", paste(right, collapse = " + "))
}

# (n, d) columns named `features`: those of the frame, and for a factor the indicator of each level, named as in lm().
smooth_columns <- function(frame, levels, features) {
  parts <- lapply(names(frame), function(name) {
    if (is.null(levels[[name]])) return(matrix(as.double(frame[[name]]), dimnames = list(NULL, name)))
    known <- levels[[name]]
    hot <- outer(as.character(frame[[name]]), known, `==`) * 1
    `colnames<-`(hot, paste0(name, known))
  })
  named_once(do.call(cbind, parts))[, features, drop = FALSE]
}
