#' Shared supports against simpler methods, on the same folds
#'
#' Independent supports, a common support and one model for all tasks get the same `s` and `lambda_1`; ridge regression
#' per task and, for several outcomes, the multi-task lasso get grids of their own. The setting used in a fold is the
#' best on the *other* folds, so trying more settings is no advantage. The last method, `null`, is means and always-in
#' columns alone.
#'
#' @inheritParams cv_sparse_mtl
#' @return An object of class `compare_models`: `table` has a row per method (mean of the metric and its standard error;
#'   difference to the first method and the standard error of the paired differences; features selected per task),
#'   `per_fold` a column per method, `unavailable` the methods that cannot be used on these data, and why.
#' @examplesIf sparsekin::core_available()
#' set.seed(1)
#' compare_models(mpg ~ wt + hp + qsec, data = mtcars, task = "am", s = 1:2, lambda_z = c(0, 1), folds = 4)
#' @export
compare_models <- function(formula, data, task = NULL, s = "auto", lambda_1 = 0, lambda_2 = 0, lambda_z = "auto",
                           keep = NULL, weights = NULL, missing = c("raise", "drop"), subset = NULL, na.action = NULL, standardize = "within",
                           scale_outcome = FALSE, folds = 10, scheme = c("within-task", "leave-one-task-out"),
                           groups = NULL, metric = c("rmse", "r2", "mae"), effort = 1, n_jobs = NULL, rng = NULL,
                           progress = FALSE) {
  call <- match.call()
  env <- parent.frame()
  given <- given_rows(call, formula, data, env, first(missing))
  design <- make_design(formula, given, keep)
  options <- list(
    s = sizes(s), lambda_1 = lambda_1, lambda_2 = lambda_2, lambda_z = lambda_z, scheme = first(scheme),
    metric = first(metric), effort = effort, n_jobs = n_jobs, rng = read_rng(rng), progress = progress
  )
  options <- c(options, read_split(given_or(given$folds, folds), given$groups, design))
  data <- core_data(design, read_scale(standardize, scale_outcome))
  found <- call_core("compare", list(data = data, options = options))
  found$unavailable <- unlist(found$unavailable)
  known <- list(call = call, formula = formula, nobs = rows_used(design))
  structure(c(known, found), class = "compare_models")
}

#' @rdname compare_models
#' @param x,object a comparison.
#' @param ... not used.
#' @export
print.compare_models <- function(x, ...) {
  cat("Comparison by ", metric_names[[x$metric]], ", ", nrow(x$per_fold), " folds (", x$scheme, ")\n\n", sep = "")
  table <- x$table
  first <- table$method[1L]
  print(data.frame(table[setdiff(names(table), c("method", "metric"))], row.names = table$method), digits = 4L)
  cat("\nDifferences are to ", first, "; their standard errors are of the paired differences over folds.\n", sep = "")
  if (startsWith(x$metric, "relative")) cat("Errors are relative to the task's null model: means and always-in columns alone.\n")
  for (name in names(x$unavailable)) cat("Not available: ", name, ": ", x$unavailable[[name]], ".\n", sep = "")
  invisible(x)
}

#' @rdname compare_models
#' @export
nobs.compare_models <- function(object, ...) object$nobs

#' @rdname compare_models
#' @export
formula.compare_models <- function(x, ...) x$formula

#' @rdname compare_models
#' @export
plot.compare_models <- function(x, ...) {
  table <- x$table[rev(seq_len(nrow(x$table))), ]
  error <- ifelse(is.na(table$std_error), 0, table$std_error)
  before <- open_figure()
  labels <- fit_labels(table$method)
  graphics::par(mar = label_margins(left = labels))
  on.exit(graphics::par(before))
  at <- seq_len(nrow(table))
  graphics::plot(
    range(table$mean - error, table$mean + error, na.rm = TRUE), range(at) + c(-0.5, 0.5), type = "n", yaxt = "n", bty = "l",
    xlab = "", ylab = ""
  )
  title_axes(cv_title(x$metric), "")
  graphics::segments(table$mean - error, at, table$mean + error, at, col = "grey65")
  best <- which_best(table$mean, x$metric)
  graphics::points(table$mean, at, pch = 19, col = ifelse(at == best, "firebrick", "grey30"))
  graphics::axis(2L, at, labels, las = 1L, tick = FALSE, cex.axis = 0.8, line = -0.5)
  invisible(x)
}

#' @rdname compare_models
#' @method tidy compare_models
#' @export
tidy.compare_models <- function(x, ...) {
  names(x$table)[names(x$table) == "mean"] <- "estimate"
  names(x$table)[names(x$table) == "std_error"] <- "std.error"
  x$table
}
