#' Cross-validation of the multi-task highly adaptive lasso
#'
#' Judges a sequence of `lambda` on rows held out of the fit; the error is the mean over tasks, then over folds: RMSE, the
#' deviance per row where all tasks are of another family, and the deviance relative to that of the tasks' means where families are
#' mixed.
#'
#' @inheritParams mt_hal
#' @inheritParams path_mt_hal
#' @param folds number of folds; or the fold (1, 2, ...) of each row of `data`, `NA` for a row that is never held out: the name
#'   of a column or a vector.
#' @param groups a label per row, the name of a column (which `.` then leaves out) or a vector: rows of one group (one patient) are held out together, in all tasks.
#' @param n_jobs folds at a time; results do not depend on it.
#' @param rng a whole number that determines the folds. By default it is drawn from R's random numbers, so that
#'   [set.seed()] governs the folds.
#' @param l1_ratio for `penalty = "sparse-group"`: share of the 1-norm, from 0 (the same as `"l21"`) to 1 (`"lasso"`).
#'   Several are each judged with a sequence of `lambda` of its own: `c(0, 0.5, 1)` finds out whether tasks have functions
#'   in common.
#' @param progress `TRUE` shows a progress bar (the Python package 'tqdm' must be installed).
#' @param linear penalties of lines to judge, as for [mt_hal()], each with a sequence of `lambda` of its own; `NULL`: lines are
#'   functions as any other. `"auto"`: `NULL`, .3 and .1, where there are lines and `lambda` is not given; else `NULL`.
#' @param metric another than the above: where all tasks are binomial `"auc"` or `"brier"`, where all are survival times `"c_index"`.
#' @return An object of class `cv_mt_hal`: `table` (a row per `l1_ratio`, `linear` and lambda: mean and standard error of the error over folds,
#'   functions selected), `per_task`, `best` and `best_1se` (rows of `table`: the least mean, and the largest lambda of
#'   the same `l1_ratio` and `linear` within one standard error of it), `folds`. Methods: [print()], [plot()], [tidy()], [glance()] and [refit()]. Ctrl-C keeps
#'   the lambdas that all folds had finished.
#' @seealso [mt_hal()] for formulas with `h()` terms.
#' @examplesIf sparsekin::core_available()
#' set.seed(1)
#' centres <- data.frame(centre = rep(c("A", "B"), each = 100), age = runif(200, 30, 75),
#'   bmi = runif(200, 18, 40))
#' centres$rate <- 170 - pmax(centres$age - 50, 0) + rnorm(200, sd = 3)
#' cv <- cv_mt_hal(rate ~ h(.), data = centres, task = "centre", n_lambda = 30, folds = 5)
#' cv
#' plot(cv)
#' refit(cv, "1se")
#' @export
cv_mt_hal <- function(formula, data, task = NULL, lambda = NULL, n_lambda = 100, order = 1, family = "gaussian", ties = c("efron", "breslow"),
                      penalty = c("l21", "lasso", "sparse-group"), l1_ratio = 0.5, scale_outcome = NULL,
                      reduce_basis = NULL, weights = NULL, missing = c("raise", "drop"), subset = NULL, na.action = NULL, folds = 10, groups = NULL,
                      tolerance = 1e-6, memory = 4e9, adapt = NULL, n_jobs = NULL, rng = NULL, progress = FALSE, linear = "auto",
                      metric = NULL) {
  call <- match.call()
  env <- parent.frame()
  given <- given_rows(call, formula, data, env, first(missing))
  call <- given$call
  family <- read_family(family)
  design <- make_hal_design(formula, given, family)
  penalty <- first(penalty)
  settings <- hal_settings(order, family, penalty, l1_ratio[1L], scale_outcome, reduce_basis, memory, adapt, ties)
  options <- c(hal_grid(lambda, n_lambda, tolerance), list(
    l1_ratio = several_ratios(l1_ratio, penalty), n_jobs = n_jobs, rng = read_rng(rng), progress = progress,
    linear = if (is.numeric(linear)) I(as.double(linear)) else linear, metric = metric
  ), read_split(given_or(given$folds, folds), given$groups, design))
  found <- call_core("hal_cross_validate", list(model = hal_model(design, settings), options = options))
  if (penalty == "sparse-group") settings$l1_ratio <- found$table$l1_ratio[found$best]
  new_cv_mt_hal(found, design, settings, tolerance, call)
}

# The ratios to judge; NULL for that of the model.
several_ratios <- function(l1_ratio, penalty) {
  if (length(l1_ratio) == 1L) return(NULL)
  if (penalty != "sparse-group") {
    stop_sparsekin(
      "Several l1_ratio need penalty = \"sparse-group\", of which 0 is \"l21\" and 1 \"lasso\"; penalty is \"", penalty,
      "\".", class = "sparsekin_OptionError"
    )
  }
  I(as.numeric(l1_ratio))
}

hal_grid <- function(lambda, n_lambda, tolerance) {
  list(lambdas = if (!is.null(lambda)) I(check_lambda(lambda)), n_lambda = sizes(n_lambda), tolerance = tolerance)
}

new_cv_mt_hal <- function(found, design, settings, tolerance, call) {
  tasks <- unlist(found$tasks)
  folds <- rep(NA_integer_, design$ledger$n_given)
  folds[setdiff(seq_along(folds), design$ledger$dropped)] <- ifelse(found$folds < 0L, NA, found$folds + 1L)
  fits <- lapply(found$fits, new_mt_hal, design = design, settings = settings, call = call)
  structure(list(
    call = call, formula = design$formula, table = found$table, per_task = `colnames<-`(found$per_task, tasks),
    best = found$best, best_1se = found$best_1se, folds = folds, n_folds = found$n_folds, metric = found$metric,
    tasks = tasks, fits = fits,
    design = design, settings = settings, tolerance = tolerance
  ), class = "cv_mt_hal")
}

#' Methods of a cross-validation of the highly adaptive lasso
#'
#' @param x,object a cross-validation of [cv_mt_hal()].
#' @param which `"best"`: the least mean error; `"1se"`: the largest lambda within one standard error of it;
#'   `"undersmooth"`: for plug-in estimates, the largest lambda not above the best at which the functions selected there
#'   solve their score equations.
#' @param ... not used.
#' @return `refit()`: the fit of all rows at the lambda chosen, of class `mt_hal`. `tidy()`: a row per `l1_ratio`, `linear` and lambda, with
#'   broom's columns for `cv.glmnet`. `glance()`: one row. `print()`: `x`, invisibly.
#' @examplesIf sparsekin::core_available()
#' cv <- cv_mt_hal(mpg ~ h(wt), data = mtcars, task = "am", n_lambda = 10, folds = 3, rng = 1)
#' tidy(cv)
#' refit(cv, "1se")
#' @name refit.cv_mt_hal
NULL

#' @rdname refit.cv_mt_hal
#' @method refit cv_mt_hal
#' @export
refit.cv_mt_hal <- function(object, which = c("best", "1se", "undersmooth"), ...) {
  which <- check_choice(first(which), "which", c("best", "1se", "undersmooth"))
  fit <- if (which == "undersmooth") undersmooth(object) else object$fits[[which]]
  setting <- list(lambda = fit$lambda)
  setting["linear"] <- list(fit$linear)
  if (first(object$settings$penalty) == "sparse-group") setting$l1_ratio <- object$settings$l1_ratio
  fit$call <- call_of_choice(object$call, "mt_hal", setting)
  chosen_by(fit, match.call())
}

undersmooth <- function(cv) {
  chosen <- cv$table[cv$best, ]
  linear <- if (!is.na(chosen$linear)) chosen$linear
  options <- list(lambda_ = chosen$lambda, tolerance = cv$tolerance, linear = linear)
  found <- call_core("hal_undersmooth", list(model = hal_model(cv$design, cv$settings), options = options))
  new_mt_hal(found, cv$design, cv$settings, cv$call)
}

#' @rdname refit.cv_mt_hal
#' @export
print.cv_mt_hal <- function(x, ...) {
  print_call(x)
  cat(
    hal_error(x), " on held-out rows: ", x$n_folds, " folds, ", counted(nrow(x$table), "lambda"), "\n", tasks_text(x), ", ",
    nobs_text(x$design), "\n\n", sep = ""
  )
  chosen <- x$table[c(x$best, x$best_1se), ]
  rownames(chosen) <- c("best", "1se")
  for (name in c("l1_ratio", "linear")) if (length(unique(x$table[[name]])) == 1L) chosen[[name]] <- NULL
  print(chosen, digits = 4L)
  cat("\nbest: the best mean. 1se: the largest lambda within one standard error of it. See refit().\n")
  invisible(x)
}

hal_error <- function(cv) metric_names[[cv$metric]]

#' @rdname refit.cv_mt_hal
#' @method tidy cv_mt_hal
#' @export
tidy.cv_mt_hal <- function(x, ...) {
  with(x$table, data.frame(
    l1_ratio = l1_ratio, linear = linear, lambda = lambda, estimate = mean, std.error = std_error, conf.low = mean - std_error,
    conf.high = mean + std_error, nzero = selected
  ))
}

#' @rdname refit.cv_mt_hal
#' @method glance cv_mt_hal
#' @export
glance.cv_mt_hal <- function(x, ...) {
  data.frame(
    lambda.min = x$table$lambda[x$best], lambda.1se = x$table$lambda[x$best_1se], l1_ratio = x$table$l1_ratio[x$best],
    linear = x$table$linear[x$best],
    nobs = nobs(x), n_folds = x$n_folds
  )
}
