#' Predict the rows of a fit by models that have not seen them
#'
#' Models at the settings of the fit, each without one fold, predict the rows of that fold. Afterwards `$performance` and
#' [summary()] have a row for these beside the rows of the fit, [augment()] their predictions, and
#' `plot(fit, type = "calibration")` and `"survival"` draw them. A fit of [refit()] of a cross-validation has done so by its folds,
#' unless all outcomes are gaussian. Settings that were chosen on the same rows flatter a little.
#'
#' @param object a fit of [sparse_mtl()] or of [refit()].
#' @param folds number of folds; or the fold (1, 2, ...) of each row of the data, `NA` for a row that is never held out.
#' @param scheme `"within-task"`: rows of every task are held out; `"leave-one-task-out"`: one task after the other, predicted by the
#'   mean of the models of the others.
#' @param groups a label per row: rows of one group (one patient) are held out together.
#' @param n_jobs folds at a time.
#' @param rng a whole number that determines the folds; by default it is drawn from R's random numbers.
#' @param ... not used.
#' @return The fit, with `held_out`, a list: `eta`, the linear predictors, `kind` (`"out-of-fold"` or `"task left out"`), `scheme` and
#'   `n_folds`; and with further rows in `performance`: per task `n`, `events`, `explained` (share of the deviance beyond the kept terms),
#'   `rmse`; `auc`, `brier`, `brier_scaled`; `dispersion`; `concordance`; `cal_intercept` and `cal_slope`, which are 0 and 1 where
#'   predictions are right; `undefined` says why others are `NA`.
#' @seealso [validate()] for rows of other data.
#' @examplesIf sparsekin::core_available()
#' fit <- sparse_mtl(mpg ~ wt + hp + qsec, data = mtcars, task = "am", s = 1)
#' judged <- hold_out(fit, folds = 3, rng = 1)
#' judged$performance
#' head(augment(judged, mtcars)[c("mpg", ".fitted", ".fitted_cv")])
#' @export
hold_out <- function(object, ...) UseMethod("hold_out")

#' @rdname hold_out
#' @export
hold_out.sparse_mtl <- function(object, folds = 10, scheme = c("within-task", "leave-one-task-out"), groups = NULL, n_jobs = NULL,
                                rng = NULL, ...) {
  asked <- c(read_split(folds, groups, object$design), list(scheme = first(scheme), n_jobs = n_jobs, rng = read_rng(rng)))
  found <- call_core("hold_out", list(
    data = core_data(object$design, object$scale), options = options_of(object), asked = asked
  ))
  judged_as(object, found)
}
