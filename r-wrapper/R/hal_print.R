#' Print a multi-task highly adaptive lasso
#'
#' @param x,object a fit of [mt_hal()], or its summary.
#' @param ... not used.
#' @return `x`, invisibly. [summary()] returns the fit as an object of class `summary.mt_hal`.
#' @examplesIf sparsekin::core_available()
#' fit <- mt_hal(mpg ~ h(wt, hp), data = mtcars, task = "am", lambda = 0.3)
#' fit
#' summary(fit)
#' @name print.mt_hal
NULL

hal_rows <- 15L  # of a table, the largest first

#' @rdname print.mt_hal
#' @export
print.mt_hal <- function(x, ...) {
  print_call(x)
  cat(tasks_text(x), ", ", nobs_text(x$design), ", lambda = ", format(x$lambda, digits = 4L), "\n", sep = "")
  cat(functions_text(x), "\n", sep = "")
  if (length(x$terms)) {
    cat("\nShare of variation by variable:\n")
    print_shares(x$variables, hal_forms_text(x$forms))
  }
  if (!is.null(x$stability)) {
    cat("\nWith ", 2 * x$stability$pairs, " half-samples: summary() and frequency() say how often they chose, band() and plot() draw curves with bands.\n", sep = "")
  }
  invisible(x)
}

#' @rdname print.mt_hal
#' @export
summary.mt_hal <- function(object, ...) {
  class(object) <- "summary.mt_hal"
  object
}

#' @rdname print.mt_hal
#' @export
print.summary.mt_hal <- function(x, ...) {
  class(x) <- "mt_hal"
  cat(if (length(x$tasks) == 1L) "H" else "Multi-task h", "ighly adaptive lasso\n\n", sep = "")
  print_call(x)
  cat(tasks_text(x), "; ", nobs_text(x$design), "; ", ncol(x$design$x), " variables\n", sep = "")
  cat(functions_text(x), "; lambda = ", format(x$lambda, digits = 4L), "\n", sep = "")
  cat(hal_status(x), "\n", sep = "")
  if (length(x$terms)) {
    cat("\nShare of variation by variable:\n")
    print_shares(x$variables, hal_forms_text(x$forms))
    cat("\nBy set of variables:\n")
    print_shares(x$sections, list(form = section_forms(x)))
    cat("\nFunctions, largest first:\n")
    print_functions(x)
  }
  print_hal_stability(x)
  fixed <- utils::head(x$coefficients, nrow(x$coefficients) - length(x$terms))
  if (nrow(fixed)) {
    cat("\nTerms without a penalty:\n")
    print_cells(task_columns(fixed))
  }
  print_hal_fit(x)
  if (says_performance(x)) print_performance(x)
  cat("\n", paste0(hal_notes(x), "\n"), sep = "")
  invisible(x)
}

functions_text <- function(x) {
  number <- function(value) format(value, big.mark = ",")
  paste0(length(x$terms), " of ", number(x$overall$n_functions), " functions selected")
}

hal_status <- function(x) {
  how <- switch(x$overall$penalty,
    lasso = "one lasso per task", l21 = "a function is in for all tasks or for none",
    "a function that is in may be out in some tasks"
  )
  if (!is.null(x$linear)) how <- paste0(how, "; lines have a penalty of their own, ", format(x$linear))
  if (x$status == "relaxed") return("Relaxed: the functions selected, without the penalty")
  sprintf(
    "Objective %s, %s: duality gap %.1e of the null model's objective\n(%s)", format(x$overall$objective, digits = 6L),
    x$status, x$overall$gap, how
  )
}

# Form and knots of each variable, as columns of text.
hal_forms_text <- function(forms) {
  ends <- function(x) format(x, digits = 3L, trim = TRUE)
  knots <- paste0(
    forms$knots, ": ", vapply(forms$first_knot, ends, ""),
    ifelse(forms$knots > 1L, paste(" to", vapply(forms$last_knot, ends, "")), "")
  )
  list(form = forms$form, knots = ifelse(forms$knots == 0L, "", knots))
}

# Of each set of variables: that of its functions where they agree, else curved.
section_forms <- function(x) {
  vapply(x$sections$section, function(name) {
    forms <- unique(x$term_forms[x$term_sections == name])
    if (length(forms) == 1L) forms else "curved"
  }, "")
}

print_shares <- function(table, described) {
  shares <- as.matrix(table[-(1:2)])
  if (ncol(shares) > many_tasks) {
    shares <- cbind(mean = rowMeans(shares), min = apply(shares, 1L, min), max = apply(shares, 1L, max))
  }
  cells <- matrix(sprintf("%.1f %%", 100 * shares), nrow(shares), dimnames = list(table[[1L]], colnames(shares)))
  print_some(cbind(functions = format(table$functions), do.call(cbind, described), cells), "sets or variables are smaller: see $sections, $variables")
}

print_functions <- function(x) {
  order <- order(-rowMeans(x$effects))
  values <- utils::tail(x$coefficients, length(x$terms))[order, , drop = FALSE]
  print_some(task_columns(blank_unused(values)), "functions are smaller: see tidy()")
}

print_some <- function(cells, more) {
  print_cells(utils::head(cells, hal_rows))
  left <- nrow(cells) - hal_rows
  if (left > 0L) cat(left, " further ", more, "\n", sep = "")
}

print_hal_fit <- function(x) {
  table <- as.matrix(x$task_fit)
  cat(if (nrow(table) > many_tasks) paste0("\nFit over ", nrow(table), " tasks:\n") else "\nFit per task:\n")
  if (nrow(table) > many_tasks) table <- five_numbers(table)
  share <- intersect(c("r2", "dev_ratio"), colnames(table))
  error <- setdiff(colnames(table), c("n", "functions", share))
  cells <- cbind(
    table_integers(table[, c("n", "functions"), drop = FALSE]), text_cells(table[, error, drop = FALSE]),
    vapply(table[, share], two_digits, "")
  )
  colnames(cells)[ncol(cells)] <- c(r2 = "r2", dev_ratio = "share explained")[[share]]
  print_cells(cells)
}

# What the coefficients of tasks that are not gaussian are about.
log_odds_note <- function(x) {
  levels <- x$design$outcome_levels
  about <- if (is.null(levels)) "of 1" else paste0("of '", levels[2L], "' against '", levels[1L], "'")
  words <- c(
    binomial = paste("log odds", about), poisson = "logs of rate ratios",
    cox = paste0("logs of hazard ratios (ties: ", given_or(x$settings$ties, x$scale$ties), ")")
  )
  said <- lapply(intersect(names(words), x$families), function(family) {
    tasks <- names(x$families)[x$families == family]
    paste0(words[[family]], if (length(tasks) < length(x$tasks)) paste(" in task", list_names(tasks)))
  })
  if (length(said)) paste0("Coefficients are ", paste(unlist(said), collapse = ", "), ".")
}

hal_notes <- function(x) {
  lost <- length(x$ledger$dropped)
  gone <- names(x$ledger$given)[!names(x$ledger$given) %in% x$tasks]
  c(
    if (lost > 0L) paste0(lost, " of ", x$ledger$n_given, " rows dropped: ", list_counts(x$ledger$reasons), "."),
    if (length(gone)) paste0("No complete row is left of task ", list_names(gone), ": not in the model."),
    kept_notes(utils::head(x$coefficients, nrow(x$coefficients) - length(x$terms))), log_odds_note(x),
    if (says_performance(x)) apparent_note(x),
    paste(
      "Variation: each function's coefficient times its largest value. A variable's",
      "share counts every set it is in, so these shares can add to more than 100 %.", sep = "\n"
    ),
    if (is.null(x$stability)) {
      "No standard errors or p-values: the functions were selected on the same rows. stability(fit) has curves with bands."
    }
  )
}
