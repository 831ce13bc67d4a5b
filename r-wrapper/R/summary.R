#' @rdname print.sparse_mtl
#' @export
summary.sparse_mtl <- function(object, ...) {
  class(object) <- "summary.sparse_mtl"
  object
}

#' @rdname print.sparse_mtl
#' @export
print.summary.sparse_mtl <- function(x, ...) {
  class(x) <- "sparse_mtl"
  print_header(x)
  cat("\nSelected features:\n")
  print_selected(x)
  print_stability(x)
  if (nrow(unpenalised(x))) {
    cat("\nKept terms (not selected):\n")
    print_cells(task_columns(unpenalised(x)))
  }
  if (length(x$tasks) > 1L) print_homogeneity(x$homogeneity)
  print_task_fit(x)
  if (says_performance(x)) print_performance(x)
  cat("\n", paste0(notes(x), "\n"), sep = "")
  invisible(x)
}

# Whether the table of performance says more than that of the fit.
says_performance <- function(x) !all_gaussian(x$families) || !is.null(x$held_out)

# How well tasks are predicted, a row per task and kind of rows; quartiles of the kinds where tasks are many.
print_performance <- function(x) {
  found <- x$performance
  shown <- intersect(performance_columns, names(found))
  cat("\nPrediction", if (length(x$tasks) > many_tasks) paste(" over", length(x$tasks), "tasks"), ":\n", sep = "")
  parts <- split(found, factor(found$rows, unique(found$rows)))
  if (length(x$tasks) > many_tasks) {
    rows <- do.call(rbind, lapply(parts, function(part) five_numbers(as.matrix(part[shown]))))
    labels <- paste(rownames(rows), rep(names(parts), each = 5L), sep = ", ")
  } else {
    rows <- as.matrix(found[shown])
    labels <- paste(found$task, found$rows, sep = ", ")
  }
  cells <- matrix(ifelse(is.na(rows), "", sprintf("%.3f", rows + 0)), nrow(rows), dimnames = list(labels, shown))
  print_cells(cells)
}

performance_columns <- c(
  "explained", "rmse", "auc", "brier", "brier_scaled", "dispersion", "concordance", "cal_intercept", "cal_slope"
)

print_header <- function(x) {
  kind <- c(independent = "Separate", common = "Common-support", heterogeneous = "Shared-support")[[x$support_mode]]
  if (is_pooled(x)) kind <- "Pooled"
  cat(if (length(x$tasks) == 1L) "L0 regression" else paste(kind, "L0 regression"), "\n\n", sep = "")
  print_call(x)
  cat(
    tasks_text(x), "; ", nobs_text(x$design), "; ", counted(nrow(x$support), "candidate"), "; kept terms: ", ncol(x$design$keep),
    family_text(x, "; "), "\n", sep = ""
  )
  cat("s = ", range_text(x$s), "; ", sep = "")
  cat(paste0(c("lambda_1", "lambda_2", "lambda_z"), " = ", format_penalties(x), collapse = ", "), "\n", sep = "")
  cat("Objective ", format(x$overall$objective, digits = 6L), bound_text(x$overall), "; ", status_text(x), "\n", sep = "")
}

# Whether all tasks have one coefficient vector.
is_pooled <- function(x) identical(x$lambda_2, Inf) && length(x$tasks) > 1L

format_penalties <- function(x) vapply(x[c("lambda_1", "lambda_2", "lambda_z")], format, "", digits = 4L)

bound_text <- function(overall) {
  if (is.na(overall$bound)) return("")
  sprintf(", lower bound %s (gap %.2f %%)", format(overall$bound, digits = 6L), 100 * overall$gap)
}

status_text <- function(x) {
  status <- x$overall$status
  gain <- x$overall$swap_gain
  meaning <- switch(status,
    `swap-optimal` = "swap-optimal: no single add, drop or swap improves it",
    `shortlist-optimal` = "shortlist-optimal: no better among the 20 best-ranked moves, each of them refitted",
    interrupted = "interrupted: the best solution found until then",
    status
  )
  if (status != "swap-optimal" && !is.na(gain) && gain > 0) {
    meaning <- paste0(meaning, "; a single move could still lower it by ", format(gain, digits = 4L))
  }
  sprintf("%s (%d moves, %.2f s)", meaning, x$iterations, x$overall$seconds)
}

# Not in the function of a task, or not estimated in it.
blank_unused <- function(values) {
  values[values == 0] <- NA
  values
}

print_homogeneity <- function(alike) {
  cat("\nSupport homogeneity:\n")
  cells <- rbind(
    `features per task` = c(range_text(alike$sizes), ""),
    `core, in every task` = c(length(alike$core), ""),
    `union, in any task` = c(length(alike$union), ""),
    `mean pairwise Jaccard` = c(two_digits(alike$mean_jaccard), two_digits(alike$chance_jaccard)),
    `mean pairwise overlap` = c(two_digits(alike$mean_overlap), two_digits(alike$chance_overlap))
  )
  colnames(cells) <- c("", "by chance")
  print_cells(cells)
}

two_digits <- function(value) if (is.null(value) || is.na(value)) "" else sprintf("%.2f", value)

print_task_fit <- function(x) {
  table <- as.matrix(x$task_fit)
  if (nrow(table) > many_tasks) {
    cat("\nFit over ", nrow(table), " tasks:\n", sep = "")
    table <- five_numbers(table)
  } else {
    cat("\nFit per task:\n")
  }
  print_cells(do.call(cbind, lapply(colnames(table), function(name) fit_cells(table[, name, drop = FALSE], name))))
}

# A column of the fit per task as text: counts, shares and other numbers.
fit_cells <- function(column, name) {
  if (name %in% c("n", "events", "selected")) return(blank_missing(column, table_integers(column)))
  if (!name %in% c("r2", "explained", "auc", "brier", "concordance")) return(text_cells(column))
  matrix(vapply(column, two_digits, ""), ncol = 1L, dimnames = dimnames(column))
}

blank_missing <- function(values, cells) replace(cells, is.na(values), "")

# Quartiles of the columns.
five_numbers <- function(table) {
  found <- apply(table, 2L, stats::quantile, probs = c(0, 0.25, 0.5, 0.75, 1), na.rm = TRUE)
  `rownames<-`(found, c("min", "quarter", "median", "three quarters", "max"))
}

table_integers <- function(table) {
  structure(format(table, trim = TRUE, digits = number_digits()), dimnames = dimnames(table))
}

notes <- function(x, read = coefficients_note(x), weighted = "; resid_sd is that of a row of weight 1, as in lm()") {
  ledger <- x$ledger
  lost <- length(ledger$dropped)
  gone <- names(ledger$given)[!names(ledger$given) %in% x$tasks]
  c(
    if (lost > 0L) paste0(lost, " of ", ledger$n_given, " rows dropped: ", list_counts(ledger$reasons), "."),
    if (length(gone)) paste0("No complete row is left of task ", list_names(gone), ": not in the model."),
    if (!is.null(x$design$weights) && all_gaussian(x$families)) paste0("rmse and r2 are by weights", weighted, "."),
    constant_notes(x$constant), kept_notes(unpenalised(x)),
    offset_note(x$design),
    if (is_pooled(x)) {
      paste0(
        "lambda_2 = Inf: one coefficient vector", if (ncol(x$design$keep)) ", of kept terms too,", " for all tasks",
        if (x$scale$scale_outcome) ", in units of the standard deviation of each outcome",
        if (x$design$intercept) "; each task has its own intercept", "."
      )
    },
    binary_notes(x), family_notes(x), if (all_gaussian(x$families) && !is.null(x$held_out)) apparent_note(x), scale_note(x), read,
    if (is.null(x$stability)) "No standard errors or p-values: the features were selected on the same rows; stability() has honest ones."
  )
}

offset_note <- function(design) {
  if (is.null(design$offset)) return(character())
  if (is_plain(design)) return("The offset was taken off the outcome; fitted values and predictions have it again.")
  paste0("The linear predictor has an offset", if (design$exposed) "; new rows are predicted per unit of exposure", ".")
}

# What coefficients are, and how the table per task is to be read, where not all outcomes are gaussian.
family_notes <- function(x) {
  if (all_gaussian(x$families)) return(character())
  c(
    log_odds_note(x),
    if ("cox" %in% x$families) {
      paste0("Every ", if (is.null(x$design$strata)) "task" else "task and stratum", " has a baseline hazard of its own.")
    },
    squared_note(x),
    if (length(x$separated)) {
      paste0("The selected features separate the outcome in ", list_names(x$separated), ": sizes are set by lambda_1 there.")
    },
    apparent_note(x)
  )
}

apparent_note <- function(x) paste0("Apparent: on the rows of the fit, so too good.", held_out_note(x$performance))

held_out_note <- function(found) {
  kinds <- setdiff(unique(found$rows), "apparent")
  if (!length(kinds)) return("")
  paste0(" ", paste0(toupper(substr(kinds, 1L, 1L)), substring(kinds, 2L)), ": by models that did not see them, at this setting.")
}

# What squared errors count beside deviances.
squared_note <- function(x) {
  tasks <- x$tasks[x$families == "gaussian"]
  if (!length(tasks) || is.null(x$counted)) return(NULL)
  counted <- paste(tasks, vapply(x$counted[tasks], format, "", digits = 4L), collapse = ", ")
  paste0("Squared errors count by one over the residual variance of the task fitted alone: ", counted, ".")
}

# That least squares was used, where an outcome is 0 or 1.
binary_notes <- function(x) {
  if (!is_plain(x$design)) return(character())
  seen <- if (is.null(x$design$weights)) rep(TRUE, nrow(x$design$y)) else x$design$weights > 0
  y <- x$design$y
  parts <- if (ncol(y) > 1L) split(y[seen, ], col(y)[seen, ]) else split(y[seen, 1L], own_tasks(x$design)[seen])
  two <- x$tasks[vapply(parts, function(values) setequal(values[!is.na(values)], 0:1), NA)]
  if (!length(two)) return(character())
  paste0(
    "The outcome is 0 or 1", if (length(two) < length(x$tasks)) paste0(" in ", list_names(two)), ": fitted by least squares, so ",
    "fitted values are no probabilities and may leave that range. For log odds: sparse_mtl(..., family = \"binomial\")."
  )
}

# What the penalties act on, so that they can be given again; of a mean of settings task_weights are those of each.
scale_note <- function(x) {
  weights <- x$task_weights
  if (identical(weights, "auto")) weights <- if (identical(x$lambda_2, Inf)) "rows" else "equal"
  standardize <- x$scale$standardize
  if (identical(standardize, "within") && identical(x$lambda_2, Inf)) standardize <- "pooled"
  paste0(
    "Scale of the penalties: standardize = ", deparse1(standardize), ", scale_outcome = ", x$scale$scale_outcome,
    if (is.character(weights)) paste0(", task_weights = \"", weights, "\""), "."
  )
}

coefficients_note <- function(x) {
  if (length(x$tasks) > many_tasks) return("Coefficients in the units of the data, over the tasks that select the feature.")
  "Coefficients in the units of the data, blank where a task does not select the feature."
}

# Terms without a penalty that have no coefficient in some tasks.
kept_notes <- function(fixed) {
  lost <- which(colSums(is.na(fixed)) > 0L)
  vapply(split(lost, apply(is.na(fixed)[, lost, drop = FALSE], 2L, paste, collapse = " ")), function(tasks) {
    paste0(
      "Kept, but without a coefficient in ", list_names(names(tasks)), " (constant there or given by the kept terms before): ",
      list_names(rownames(fixed)[is.na(fixed[, tasks[1L]])]), "."
    )
  }, "", USE.NAMES = FALSE)
}

# Columns that cannot be selected in some tasks.
constant_notes <- function(constant) {
  if (length(constant) > many_tasks) {
    counts <- sort(table(unlist(constant)), decreasing = TRUE)
    listed <- utils::head(paste0(names(counts), " (", counts, ")"), 8L)
    return(paste0("Constant within tasks (how many), so not selectable there: ", paste(listed, collapse = ", "), "."))
  }
  vapply(names(constant), function(task) {
    paste0("Constant within ", task, ", so not selectable there: ", list_names(constant[[task]]), ".")
  }, "")
}
