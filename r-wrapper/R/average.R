# The mean of the best settings of a cross-validation: its predictions are the means of theirs. It is a `sparse_mtl` in all
# that rests on coefficients alone; what only a fit at one setting has is refused here and in generics.R.

# `found` is the reply of sparsekin.bridges.columns.replies.average; `call` that of the cross-validation.
new_sparse_mtl_average <- function(found, design, scale, call) {
  parts <- linear_parts(found, design, scale, call)
  parts$task_fit$resid_sd <- NULL
  best <- found$best
  if (!is.null(best)) {
    setting <- c(list(s = best$options$s[[1L]]), best$options[c("lambda_1", "lambda_2", "lambda_z")])
    options <- c(setting, best$options[c("support", "task_weights", "effort")])
    best <- new_sparse_mtl(best$fit, design, scale, c(options, dial = TRUE), call_of_choice(call, "sparse_mtl", options))
  }
  judged_as(structure(c(parts, list(
    inclusion = matrix(found$inclusion, nrow(parts$support), dimnames = dimnames(parts$support)), order = found$order,
    members = found$members, verdict = found$verdict, cut = found$cut, predicts_cut = found$predicts_cut, best_member = best
  )), class = c("sparse_mtl_average", "sparse_mtl")), found)
}

#' The mean of the best settings
#'
#' An average of the fits at the best settings of a cross-validation. It predicts as the weighted mean of their predictions: each of
#' its coefficients is a mean of theirs; the weight of a setting is the less the larger its error in cross-validation. Its methods are those of a fit of [sparse_mtl()]; what only one fit has ([certify()],
#' `predict(how = "stack")`, `update()`) is refused, and `$best_member` has it.
#'
#' Where it is read, coefficients below `$cut` times the largest of their task (both standardised) count as 0: in `$support`,
#' `$selected`, `$homogeneity`, [summary()] and [plot()], whose cells are the paler the fewer settings select the feature in the
#' task.
#'
#' @param x,object an average, or its summary.
#' @param conf.int,conf.level accepted for tables of other packages: an average has no intervals, so that they are `NA`, with a warning.
#' @param exponentiate `TRUE`: ratios of odds, rates and hazards, whose logs are means over the settings.
#' @param ... not used.
#' @return `print()`: `x`, invisibly. `summary()`: the average as an object of class `summary.sparse_mtl_average`. `tidy()`: a row
#'   per term and task, of every feature that a setting selects, with the columns of [tidy.sparse_mtl()] and `inclusion`, the
#'   share of the settings that select the feature in the task; `selected` says what is not small. An average holds, besides
#'   what a fit holds, `members` (a data frame of the settings, the family of the verdict first and in each the best first: `family`, `s`, the
#'   penalties, `mean`, the error on held-out rows, and `weight`; last one lasso for all tasks, if it counts), `inclusion`, `verdict`, `cut` and `best_member`, a fit of class `sparse_mtl`.
#' @examplesIf sparsekin::core_available()
#' cv <- cv_sparse_mtl(mpg ~ wt + hp + qsec, data = mtcars, task = "am", s = 1, lambda_1 = 0.1,
#'   folds = 3, rng = 1)
#' average <- refit(cv, "average")
#' average
#' tidy(average)
#' @name sparse_mtl_average
NULL

#' @rdname sparse_mtl_average
#' @export
print.sparse_mtl_average <- function(x, ...) {
  print_call(x)
  cat(tasks_text(x), ", ", nobs_text(x$design), family_text(x, ", "), ", ", members_text(x), "\n", sep = "")
  cat(
    counted(nrow(x$support), "candidate"), ", ", length(x$selected), " above the cut of ", format(x$cut), " in any task, ",
    length(x$homogeneity$core), " in every task\n", sep = ""
  )
  cat_lines(x$verdict, best_text(x))
  cat("\n")
  print_selected(x)
  invisible(x)
}

#' @rdname sparse_mtl_average
#' @export
summary.sparse_mtl_average <- function(object, ...) {
  class(object) <- "summary.sparse_mtl_average"
  object
}

#' @rdname sparse_mtl_average
#' @export
print.summary.sparse_mtl_average <- function(x, ...) {
  class(x) <- c("sparse_mtl_average", "sparse_mtl")
  cat("Mean of ", counted(nrow(x$members), "setting"), " of L0 regressions\n\n", sep = "")
  print_call(x)
  cat(
    tasks_text(x), "; ", nobs_text(x$design), "; ", counted(nrow(x$support), "candidate"), "; kept terms: ", ncol(x$design$keep),
    family_text(x, "; "), "\n", members_text(x), ": ", paste0(ranges_of_members(x), collapse = ", "), "\n", sep = ""
  )
  cat_lines(x$verdict, best_text(x), cut_text(x))
  cat("\nSelected features:\n")
  print_selected(x)
  if (nrow(unpenalised(x))) {
    cat("\nKept terms (not selected):\n")
    print_cells(task_columns(unpenalised(x)))
  }
  if (length(x$tasks) > 1L) print_homogeneity(x$homogeneity)
  print_task_fit(x)
  read <- if (length(x$tasks) > many_tasks) "over the tasks where they are not small" else "blank where they are small or 0"
  read <- c(
    paste0("Coefficients are means over the settings, in the units of the data, ", read, "."),
    "In settings: how many of them select the feature, mean over the tasks shown."
  )
  cat("\n", paste0(notes(x, read, weighted = ""), "\n"), sep = "")
  invisible(x)
}

cat_lines <- function(...) {
  lines <- c(...)
  cat(strwrap(lines[nzchar(lines)], 80L, exdent = 2L), sep = "\n")
}

members_text <- function(x) {
  counts <- table(x$members$family)
  counts <- counts[intersect(c("pool", "share", "separate", "lasso"), names(counts))]
  m <- nrow(x$members)
  paste0("mean of ", counted(m, "setting"), " (", paste(counts, names(counts), collapse = ", "), ")")
}

ranges_of_members <- function(x) {
  names <- c("s", "lambda_1", "lambda_2", "lambda_z")
  paste(names, "=", vapply(x$members[names], function(values) {
    ends <- vapply(unique(range(values, na.rm = TRUE)), format, "", digits = 4L)
    paste(ends, collapse = " to ")
  }, ""))
}

best_text <- function(x) {
  first <- x$members[1L, ]
  named <- vapply(first[c("s", "lambda_1", "lambda_2", "lambda_z")], format, "", digits = 4L)
  held <- if (!is.null(x$best_member)) ", a fit of its own in $best_member"
  paste0(
    "Best single setting: ", first$family, ", ", paste(names(named), "=", named, collapse = ", "), " (CV error ",
    format(first$mean, digits = 4L), ")", held, "."
  )
}

# How much of the average is shown.
cut_text <- function(x) {
  any <- x$inclusion > 0
  n <- sum(rowSums(any) > 0)
  coefficients <- x$coefficients[rownames(x$support), , drop = FALSE]
  if (x$predicts_cut && all(coefficients[any] != 0)) return(paste0("Shown is every feature that a setting selects (", n, ")."))
  small <- paste0("below ", format(100 * x$cut), " % of the largest of the task (standardised)")
  shown <- length(x$selected)
  if (x$predicts_cut) {
    what <- if (x$cut > 0) paste0("Coefficients ", small) else "Small coefficients"
    return(paste0(what, " were left out and the intercepts fitted again: ", shown, " of ", n, " features are left."))
  }
  paste0("Shown are ", shown, " of ", n, " features: coefficients ", small, " are not. Predictions use all of them.")
}

# Of the features shown in some tasks, the mean share of the settings that select them there.
mean_shares <- function(shares, shown) sprintf("%.0f %%", 100 * rowSums(shares * shown) / rowSums(shown))

#' @rdname sparse_mtl_average
#' @method tidy sparse_mtl_average
#' @export
tidy.sparse_mtl_average <- function(x, conf.int = FALSE, conf.level = 0.95, exponentiate = FALSE, ...) {
  coefficients <- x$coefficients[rownames(x$support), , drop = FALSE]
  out <- tidy_terms(x, x$order, coefficients != 0)
  fixed <- nrow(out) - length(x$order) * length(x$tasks)
  out$inclusion <- c(rep(1, fixed), as.vector(t(x$inclusion[x$order, , drop = FALSE])))
  if (conf.int) out <- without_intervals(out, "stability(fit$best_member) has honest ones")
  if (exponentiate) exponentials(out, x) else out
}
