#' Print a sparse multi-task fit
#'
#' @param x,object a fit of [sparse_mtl()], or its summary.
#' @param ... not used.
#' @return `x`, invisibly. [summary()] returns the fit as an object of class `summary.sparse_mtl`.
#' @examplesIf sparsekin::core_available()
#' fit <- sparse_mtl(mpg ~ wt + hp + qsec, data = mtcars, task = "am", s = 2)
#' fit
#' summary(fit)
#' @name print.sparse_mtl
NULL

#' @rdname print.sparse_mtl
#' @export
print.sparse_mtl <- function(x, ...) {
  print_call(x)
  cat(tasks_text(x), ", ", nobs_text(x$design), family_text(x, ", "), ", s = ", range_text(x$s), "\n", sep = "")
  cat(
    counted(nrow(x$support), "candidate"), ", ", length(x$selected), " selected in any task, ", length(x$homogeneity$core),
    " in every task\n\n", sep = ""
  )
  print_selected(x)
  invisible(x)
}

tasks_text <- function(x) {
  K <- length(x$tasks)
  if (x$design$multi_label) return(counted(K, "outcome"))
  by <- if (is.null(x$design$task_name)) "" else paste0(" by ", x$design$task_name)
  paste0(counted(K, "task"), by)
}

# Families of tasks that are not all gaussian.
family_text <- function(x, before) if (all_gaussian(x$families)) "" else paste0(before, paste(unique(x$families), collapse = " and "))

nobs_text <- function(design) {
  n <- rows_used(design)
  lost <- length(design$ledger$dropped)
  idle <- length(design$ledger$kept) - n
  out <- c(if (lost > 0L) paste(lost, "dropped"), if (idle > 0L) paste(idle, "of weight 0"))
  paste0(counted(n, "row"), if (length(out)) paste0(" (", paste(out, collapse = ", "), ")"))
}

range_text <- function(s) if (min(s) == max(s)) format(s[[1L]]) else paste(min(s), "to", max(s), "by task")

#' @rdname coef.path_sparse_mtl
#' @export
print.path_sparse_mtl <- function(x, ...) {
  print_call(x)
  cat(tasks_text(x), ", ", nobs_text(x$design), family_text(x, ", "), ", ", counted(nrow(x$table), "setting"), "\n\n", sep = "")
  print(utils::head(x$table, 20L), digits = 4L)
  if (nrow(x$table) > 20L) cat("and", nrow(x$table) - 20L, "more: see $table\n")
  invisible(x)
}

metric_names <- c(
  rmse = "RMSE", r2 = "R2", mae = "Mean absolute error", "relative rmse" = "Relative RMSE",
  "relative mae" = "Relative mean absolute error", deviance = "Deviance", "relative deviance" = "Relative deviance",
  auc = "AUC", brier = "Brier score", c_index = "Concordance"
)

# Whether more of a metric is better.
more_is_better <- function(metric) metric %in% c("r2", "auc", "c_index")

#' @rdname refit.cv_sparse_mtl
#' @export
print.cv_sparse_mtl <- function(x, ...) {
  print_call(x)
  cat(
    metric_names[[x$metric]], " on held-out rows: ", x$state$n_folds, " folds, ", x$state$scheme, ", ",
    counted(x$overall$n_settings, "setting"), "\n", tasks_text(x), ", ", nobs_text(x$design), "\n\n", sep = ""
  )
  chosen <- x$table[c(x$best, x$best_1se, nrow(x$table)), setdiff(names(x$table), "metric")]
  rownames(chosen) <- c("best", "1se", "null")
  print(chosen, digits = 4L)
  whose <- if (x$state$scheme == "leave-one-task-out") "of the difference to it" else "of it"
  cat("\nbest: the best mean. 1se: the sparsest setting within one standard error ", whose, ". null: means and always-in\ncolumns alone", sep = "")
  cat(if (startsWith(x$metric, "relative")) "; errors are relative to its error in each task. " else ". ", "See refit().\n", sep = "")
  cat_level_free(x$metric, x$state$scheme, x$design$family)
  invisible(x)
}

# Whether the deviance is that of tasks held out as a whole, whose levels are free (cox has none; gaussian ones count).
cat_level_free <- function(metric, scheme, family) {
  if (!endsWith(metric, "deviance") || scheme != "leave-one-task-out" || !any(c("binomial", "poisson") %in% family)) return()
  cat("In the deviance of a task held out its level (log odds, or log rate) is free: how many cases a study has is a\nmatter of its sampling.\n")
}
