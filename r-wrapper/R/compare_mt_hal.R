#' Lines, curves or trees? Simpler methods beside the highly adaptive lasso, on the same folds
#'
#' `null` is means and the terms outside `h()` alone. Lassos are of the columns themselves, divided by their standard
#' deviations: each in for all tasks or for none (multi-task lasso), or in each task by itself. `MTHAL` is the model given,
#' `HAL per task` its basis with functions chosen in each task by itself, `boosting` scikit-learn's trees, with the task as
#' a category where tasks have rows of their own. The setting used in a fold is the best on the *other* folds.
#'
#' @inheritParams cv_mt_hal
#' @return An object of class `compare_models`, see [compare_models()]; `selected` counts functions, or columns of lassos.
#' @examplesIf sparsekin::core_available()
#' set.seed(1)
#' compare_mt_hal(mpg ~ h(wt), data = mtcars, n_lambda = 5, folds = 3)
#' @export
compare_mt_hal <- function(formula, data, task = NULL, n_lambda = 100, order = 1, family = "gaussian", ties = c("efron", "breslow"),
                           penalty = c("l21", "lasso", "sparse-group"), l1_ratio = 0.5, scale_outcome = NULL,
                           reduce_basis = NULL, weights = NULL, missing = c("raise", "drop"), subset = NULL,
                           na.action = NULL, folds = 10, groups = NULL, tolerance = 1e-6, memory = 4e9, adapt = NULL,
                           n_jobs = NULL, rng = NULL, progress = FALSE, linear = "auto") {
  call <- match.call()
  env <- parent.frame()
  given <- given_rows(call, formula, data, env, first(missing))
  call <- given$call
  design <- make_hal_design(formula, given, read_family(family))
  penalty <- first(penalty)
  settings <- hal_settings(order, read_family(family), penalty, l1_ratio[1L], scale_outcome, reduce_basis, memory, adapt, ties)
  options <- c(list(
    n_lambda = sizes(n_lambda), tolerance = tolerance, l1_ratio = several_ratios(l1_ratio, penalty), n_jobs = n_jobs,
    rng = read_rng(rng), progress = progress, linear = if (is.numeric(linear)) I(as.double(linear)) else linear
  ), read_split(given_or(given$folds, folds), given$groups, design))
  found <- call_core("hal_compare", list(model = hal_model(design, settings), options = options))
  found$unavailable <- unlist(found$unavailable)
  found$indistinct <- unlist(found$indistinct)
  structure(c(list(call = call, formula = formula, nobs = rows_used(design)), found), class = "compare_models")
}
