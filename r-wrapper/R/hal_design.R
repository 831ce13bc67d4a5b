# The design of a highly adaptive lasso: columns for h(), and the terms outside h() as lm() would make them.

# The list of make_design(), where `keep` (n, q) are the columns of the terms outside h(), and
#   smooth (columns of the data in h(), as sent), levels (of those that are factors), calls, text (the formula as sent).
# The columns x (n, d) come with the first reply of the core: see smooth_columns().
make_hal_design <- function(formula, given, family) {
  data <- given$data
  task <- given$task
  weight <- read_weights(given$weights, data)
  parts <- read_smooth(formula, data)
  strata <- split_strata(parts$formula, data)
  terms <- read_terms(strata$formula, data, setdiff(names(data), given$aside))
  check_apart(attr(terms, "term.labels"), task)
  wanted <- smooth_names(parts, terms, data, c(given$aside, strata$columns))
  ledger <- find_gaps(with_columns(terms, c(wanted, strata$columns)), data, task, weight, given$missing)
  ledger <- drop_made_gaps(ledger, terms, data, given$missing)
  used <- data[ledger$rows, , drop = FALSE]
  made <- model_columns(terms, used)
  if ("binomial" %in% family) made$frame <- code_outcome(made$frame, terms)
  check_not_text(made$frame, terms)
  several <- outcome_parts(made$frame[[attr(terms, "response")]], family, task)
  named <- deparse1(attr(terms, "variables")[[2L]])
  y <- if (is.null(several)) read_outcomes(made$frame, terms) else shown_outcome(several, named)
  if (ncol(y) > 1L && !is.null(task)) stop_two_meanings(task)
  labels <- if (is.null(task)) NULL else task_factor(used[[task]])
  smooth <- smooth_frame(used, wanted)
  warn_of_text(used[wanted])
  keep <- made$x
  attr(keep, "term") <- NULL
  design <- list(
    keep = keep, y = y, task = labels, weights = weight[ledger$rows], terms = made$terms, xlevels = made$xlevels,
    contrasts = made$contrasts, intercept = attr(made$terms, "intercept") == 1L && !identical(several$call, "Surv"),
    multi_label = ncol(y) > 1L,
    variables = intersect(c(all.vars(stats::delete.response(made$terms)), wanted), names(data)), smooth = smooth,
    levels = lapply(Filter(is.factor, smooth), levels), outcome_levels = attr(made$frame, "outcome_levels"),
    task_name = task, formula = formula, parts = several, offset = as.vector(stats::model.offset(made$frame)),
    strata = strata_codes(used, strata$columns), outcome_columns = intersect(all.vars(formula[[2L]]), names(data)),
    ledger = count_rows(ledger, data, task, labels, given$exclude)
  )
  design$text <- sent_formula(parts$calls, design)
  design
}

# A model frame whose outcome, if it is a factor or text, is 0 and 1; its two levels are kept as an attribute.
code_outcome <- function(frame, terms) {
  at <- attr(terms, "response")
  y <- frame[[at]]
  if (!is.factor(y) && !is.character(y)) return(frame)
  labels <- task_factor(y)
  if (nlevels(labels) != 2L) {
    stop_sparsekin(
      "Outcome '", deparse1(attr(terms, "variables")[[2L]]), "' of a binomial task must have two levels; it has ",
      nlevels(labels), ": ", list_names(levels(labels)), ".", class = "sparsekin_DataError"
    )
  }
  frame[[at]] <- as.double(labels == levels(labels)[2L])
  structure(frame, outcome_levels = levels(labels))
}

# A factor or text of two levels is an outcome of a binomial task.
check_not_text <- function(frame, terms) {
  y <- frame[[attr(terms, "response")]]
  if (!is.factor(y) && !is.character(y)) return(invisible())
  labels <- levels(task_factor(y))
  if (length(labels) != 2L) return(invisible())
  stop_sparsekin(
    "Outcome '", deparse1(attr(terms, "variables")[[2L]]), "' is text (", list_names(labels), "): give family = \"binomial\", ",
    "which models the log odds of '", labels[2L], "', not \"gaussian\".", class = "sparsekin_OptionError"
  )
}

# "binomial", binomial, binomial() or a list of them by task, as their names; poisson likewise.
read_family <- function(family) {
  if (is.function(family)) family <- tryCatch(family(), error = identity)
  if (inherits(family, "family")) return(family$family)
  if (is.list(family) && !is.object(family)) return(vapply(family, read_family, ""))
  if (!is.character(family)) {
    stop_sparsekin(
      "family must be \"gaussian\", \"binomial\", \"poisson\" or \"cox\", or those by task.", class = "sparsekin_OptionError"
    )
  }
  family
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
