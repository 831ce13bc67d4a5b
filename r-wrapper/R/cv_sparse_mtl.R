#' Cross-validation of sparse multi-task regression
#'
#' Pool, share or separate, and how sparse: settings are judged on rows held out of the fit. With `lambda_2 = "auto"` and
#' `support = "heterogeneous"` that is the dial from one model for all tasks to one for each (see [cv_dial]); with numbers,
#' every combination of the values given.
#'
#' @inheritParams path_sparse_mtl
#' @param lambda_1,lambda_2,lambda_z penalties to try: numbers or `"auto"`. For `lambda_1` that is 0, .02, .1, .4, 1.5 and 6,
#'   or 1, 4 and 16 over the mean rows of a task where not all outcomes are gaussian;
#'   for `lambda_2` the dial from separate to pooled (0 with `ensemble = "stack"` and `stages = 2`); for `lambda_z` 0 and
#'   values up to where all tasks select the same features.
#' @param folds number of folds; or the fold (1, 2, ...) of each row of `data`, `NA` for a row that is never held out: the name
#'   of a column or a vector.
#' @param scheme `"within-task"`: rows of every task are held out; `"leave-one-task-out"`: one task after the other, to
#'   judge predictions for a new study.
#' @param groups a label per row, the name of a column (which `.` then leaves out) or a vector: rows of one group (one patient) are held out together.
#' @param metric `"rmse"` (the default), `"r2"` or `"mae"`; `"deviance"` where not all outcomes are gaussian, where all are binomial
#'   also `"auc"` or `"brier"`, where all are survival times `"c_index"`. In the deviance of a task that is held out as a whole its level (log odds, log
#'   rate) is free: how many cases a study has is a matter of its sampling; the Brier score counts it. A metric is of each task and fold; then the mean over the
#'   tasks, then over the folds. Where tasks are outcomes or of several families, or `scale_outcome` is `TRUE`, an error is relative
#'   to the task's error under the null model (means and always-in columns alone, fitted to the training rows), so units do not
#'   weigh the tasks.
#' @param ensemble how the models of the other tasks predict a task that is held out: their `"mean"`, or `"stack"`.
#' @param stages 2: then a finer grid around the winner, on the same folds.
#' @param n_jobs folds at a time; results do not depend on it.
#' @param rng a whole number that determines the folds. By default it is drawn from R's random numbers, so that
#'   [set.seed()] governs the folds.
#' @return An object of class `cv_sparse_mtl`: `table` (a row per setting: mean and standard error of the metric over
#'   folds, features selected per task, mean Jaccard index of the supports, name of the metric; the last row, `null`, is
#'   the null model), `per_task`, `per_fold`, `best` and `best_1se` (rows of `table`: the best mean, and the sparsest
#'   setting within one standard error of it; the null model only where 0 is in `s`), `folds`, `metric`.
#'   From pooled to separate also `verdict`, a sentence, and `families`, a row for pool, share and separate.
#'   Methods: [print()], [plot()], [tidy()], [glance()] and [refit()]. Ctrl-C keeps the folds that were finished.
#' @examplesIf sparsekin::core_available()
#' set.seed(1)
#' cv <- cv_sparse_mtl(mpg ~ ., data = mtcars, task = "am", s = 1:3, lambda_z = c(0, 1), folds = 4)
#' cv
#' refit(cv, "1se")
#' @export
cv_sparse_mtl <- function(formula, data, task = NULL, s = "auto", lambda_1 = "auto", lambda_2 = "auto", lambda_z = "auto",
                          support = c("heterogeneous", "common", "independent"), keep = NULL, weights = NULL,
                          missing = c("raise", "drop"), subset = NULL, na.action = NULL, standardize = "within", scale_outcome = FALSE,
                          task_weights = c("auto", "equal", "rows"), folds = 10,
                          scheme = c("within-task", "leave-one-task-out"), groups = NULL,
                          metric = NULL, ensemble = c("mean", "stack"), stages = 1, effort = 1,
                          n_jobs = NULL, rng = NULL, progress = FALSE, family = "gaussian", ties = c("efron", "breslow"),
                          exposure = NULL) {
  call <- match.call()
  env <- parent.frame()
  given <- given_rows(call, formula, data, env, first(missing))
  call <- given$call
  design <- make_design(formula, given, keep, read_family(family))
  scale <- read_scale(standardize, scale_outcome, ties)
  options <- list(
    support = first(support), task_weights = first(task_weights), effort = effort, metric = if (!is.null(metric)) first(metric),
    ensemble = first(ensemble)
  )
  grid <- list(s = sizes(s), lambda_1 = lambda_1, lambda_2 = lambda_2, lambda_z = lambda_z)
  run <- list(
    scheme = first(scheme), stages = stages, n_jobs = n_jobs, rng = read_rng(rng), progress = progress
  )
  run <- c(run, read_split(given_or(given$folds, folds), given$groups, design))
  found <- call_core("cross_validate", list(data = core_data(design, scale), options = c(grid, options, run)))
  new_cv_sparse_mtl(found, design, scale, options, call)
}

new_cv_sparse_mtl <- function(found, design, scale, options, call) {
  tasks <- core_tasks(found, design)
  rownames(found$table) <- c(seq_len(nrow(found$table) - 1L), "null")
  folds <- rep(NA_integer_, design$ledger$n_given)
  folds[setdiff(seq_along(folds), design$ledger$dropped)] <- ifelse(found$folds < 0L, NA, found$folds + 1L)
  structure(c(list(
    call = call, formula = design$formula, table = found$table,
    per_task = `colnames<-`(found$per_task, tasks), per_fold = found$per_fold, best = found$best,
    best_1se = found$best_1se, folds = folds, tasks = tasks, settings = found$tidy, overall = found$glance,
    metric = found$metric, state = found$state, design = design, verdict = found$verdict, families = found$families,
    dial = found$dial
  ), used_scale(found$used, scale, options)), class = c(if (!is.null(found$dial)) "cv_dial", "cv_sparse_mtl"))
}
