#' Pool, share or separate? Simpler methods on the same folds
#'
#' Pooling: lasso, ridge and L0 of all rows, with an intercept per task and one coefficient of each `keep` column.
#' Sharing: a lasso per task that starts from the pooled one (pretraining, as in ptLasso), for several outcomes the
#' multi-task lasso, shared supports, a common support, and "dial, averaged": what
#' `refit(cv_sparse_mtl(..., s = s, lambda_z = lambda_z), "average")` predicts, the mean of the best settings from pooled to separate.
#' Separate models: lasso, ridge and L0 of each task. `null` is means and `keep` columns alone. Pooled and independent L0 take `s` and `lambda_1` as given, and `lambda_1` = 0, .02,
#' .1, .4, 1.5, 6 (of yes/no outcomes, counts and survival times 1, 4, 16 and 64 over the mean rows of a task); lassos and
#' ridges have grids of their own, of every family. The setting used in a fold is the best on the *other*
#' folds, so trying more settings is no advantage; lasso and ridge per task choose it for each task.
#'
#' @inheritParams cv_sparse_mtl
#' @param lambda_1 of shared supports and a common support: numbers, `"auto"`, or `NULL`: 0, or 4 over the mean rows of a task
#'   where not all outcomes are gaussian.
#' @param lambda_2,lambda_z of shared supports: numbers, `lambda_z` also `"auto"`, as for [cv_sparse_mtl()].
#' @param boosting `TRUE`: also gradient boosting (scikit-learn) with the task as one of the features.
#' @return An object of class `compare_models`: `verdict` says in words which end the data ask for; `table` has a row per
#'   method, the simplest first (mean of the metric and its standard error; difference to the best method and its
#'   standard error, corrected for training rows that overlap: Nadeau and Bengio 2003; features selected per task, and
#'   in all tasks together; seconds of CPU); `indistinct` names the methods within one such standard error of the best,
#'   `per_fold` has a column per method, `unavailable` the methods that cannot be used on these data, and why.
#' @examplesIf sparsekin::core_available()
#' set.seed(1)
#' compare_models(mpg ~ wt + hp + qsec, data = mtcars, task = "am", s = 1:2, lambda_z = c(0, 1),
#'   folds = 4)
#' \donttest{
#' cars <- transform(mtcars, site = rep(c("north", "south"), 16))
#' compare_models(vs ~ wt + qsec + drat, data = cars, task = "site", s = 1, folds = 4,
#'   family = binomial, metric = "auc")
#' }
#' @export
compare_models <- function(formula, data, task = NULL, s = "auto", lambda_1 = NULL, lambda_2 = 0, lambda_z = "auto",
                           keep = NULL, weights = NULL, missing = c("raise", "drop"), subset = NULL, na.action = NULL, standardize = "within",
                           scale_outcome = FALSE, folds = 10, scheme = c("within-task", "leave-one-task-out"),
                           groups = NULL, metric = NULL, boosting = FALSE, effort = 1,
                           n_jobs = NULL, rng = NULL, progress = FALSE, family = "gaussian", ties = c("efron", "breslow"),
                           exposure = NULL) {
  call <- match.call()
  env <- parent.frame()
  given <- given_rows(call, formula, data, env, first(missing))
  call <- given$call
  design <- make_design(formula, given, keep, read_family(family))
  options <- list(
    s = sizes(s), lambda_1 = lambda_1, lambda_2 = lambda_2, lambda_z = lambda_z, scheme = first(scheme),
    metric = if (!is.null(metric)) first(metric), boosting = boosting, effort = effort, n_jobs = n_jobs, rng = read_rng(rng), progress = progress
  )
  options <- c(options, read_split(given_or(given$folds, folds), given$groups, design))
  data <- core_data(design, read_scale(standardize, scale_outcome, ties))
  found <- call_core("compare", list(data = data, options = options))
  found$unavailable <- unlist(found$unavailable)
  found$indistinct <- unlist(found$indistinct)
  known <- list(call = call, formula = formula, nobs = rows_used(design), family = design$family)
  structure(c(known, found), class = "compare_models")
}

#' @rdname compare_models
#' @param x,object a comparison.
#' @param ... not used.
#' @export
print.compare_models <- function(x, ...) {
  cat("Comparison by ", metric_names[[x$metric]], ", ", nrow(x$per_fold), " folds (", x$scheme, ")\n\n", sep = "")
  cat(strwrap(x$verdict), "", sep = "\n")
  shown <- c("mean", "difference", "difference_se", "selected", "union", "seconds", "settings")
  shown <- intersect(shown, names(x$table))
  print(data.frame(x$table[shown], row.names = x$table$method), digits = 4L)
  others <- setdiff(x$indistinct, x$glance$best)
  cat("\nBest: ", x$glance$best, ". ", sep = "")
  cat(if (length(others)) paste0("Within one standard error of it: ", paste(others, collapse = ", "), ".\n") else "All others are worse.\n")
  cat("Differences are to the best, fold by fold; their standard errors allow for training rows that overlap.\n")
  if (startsWith(x$metric, "relative")) cat("Errors are relative to the task's null model: means and always-in columns alone.\n")
  cat_level_free(x$metric, x$scheme, x$family)
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
  error <- ifelse(is.na(table$difference_se), 0, table$difference_se)
  before <- open_figure()
  labels <- fit_labels(table$method)
  graphics::par(mar = label_margins(left = labels))
  on.exit(graphics::par(before))
  at <- seq_len(nrow(table))
  graphics::plot(
    range(table$difference - error, table$difference + error, na.rm = TRUE), range(at) + c(-0.5, 0.5), type = "n",
    yaxt = "n", bty = "l", xlab = "", ylab = ""
  )
  title_axes(comparison_title(x), "")
  colour <- comparison_colours[rev(comparison_kinds(x))]
  graphics::abline(v = 0, col = "grey85")
  graphics::segments(table$difference - error, at, table$difference + error, at, col = colour)
  graphics::points(table$difference, at, pch = 19, col = colour)
  graphics::axis(2L, at, labels, las = 1L, tick = FALSE, cex.axis = 0.8, line = -0.5)
  invisible(x)
}

#' @rdname compare_models
#' @exportS3Method ggplot2::autoplot
autoplot.compare_models <- function(object, ...) {
  table <- object$table
  table$error <- ifelse(is.na(table$difference_se), 0, table$difference_se)
  table$method <- factor(table$method, rev(table$method))
  table$kind <- comparison_kinds(object)
  ggplot2::ggplot(table, ggplot2::aes(.data[["difference"]], .data[["method"]], colour = .data[["kind"]])) +
    ggplot2::geom_vline(xintercept = 0, colour = "grey85") +
    ggplot2::geom_segment(
      ggplot2::aes(
        x = .data[["difference"]] - .data[["error"]], xend = .data[["difference"]] + .data[["error"]], yend = .data[["method"]]
      ), show.legend = FALSE
    ) +
    ggplot2::geom_point(size = 2.5, show.legend = FALSE) +
    ggplot2::scale_colour_manual(values = comparison_colours) +
    ggplot2::labs(x = comparison_title(object), y = NULL)
}

# Of each method: the best, not told apart from it, or worse; and their colours.
comparison_kinds <- function(x) {
  ifelse(x$table$method == x$glance$best, "best", ifelse(x$table$method %in% x$indistinct, "near", "worse"))
}

comparison_colours <- c(best = "firebrick", near = "grey20", worse = "grey65")

comparison_title <- function(x) paste0(metric_names[[x$metric]], ": difference to the best")

#' @rdname compare_models
#' @method tidy compare_models
#' @export
tidy.compare_models <- function(x, ...) x$tidy

which_best <- function(means, metric) if (more_is_better(metric)) which.max(means) else which.min(means)
