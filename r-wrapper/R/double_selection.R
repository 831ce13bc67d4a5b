#' Effects of kept terms that selection does not confound
#'
#' The coefficient of a kept term in a fit is biased where features that go with it, and a little with the outcome, were not
#' selected. Here features are selected twice, for the outcome and for each kept term in its place (without kept terms, `s` and
#' `lambda_z` by cross-validation), and each task is refitted by least squares on kept terms and the union (Belloni, Chernozhukov
#' and Hansen, 2014). Gaussian outcomes.
#'
#' @param object a fit of [sparse_mtl()] or of [refit()] with terms in `keep`.
#' @param level of the intervals.
#' @param folds of the cross-validations.
#' @param rng a whole number that determines the folds; by default it is drawn from R's random numbers.
#' @param ... not used.
#' @return A data frame, a row per kept term and task: `term`, `task`, `estimate`, `std.error`, `conf.low`, `conf.high`, `p.value`,
#'   `controls` (features adjusted for) and `estimate_fit`, that of the fit. `NA` where the term is constant in a task, or fewer
#'   than 5 degrees of freedom are left.
#' @examplesIf sparsekin::core_available()
#' fit <- sparse_mtl(mpg ~ wt + hp + qsec + drat, data = mtcars, task = "am", s = 1, keep = "wt")
#' double_selection(fit, folds = 3, rng = 1)
#' @export
double_selection <- function(object, ...) UseMethod("double_selection")

#' @rdname double_selection
#' @export
double_selection.sparse_mtl <- function(object, level = 0.95, folds = 5, rng = NULL, ...) {
  if (!ncol(object$design$keep)) {
    stop_sparsekin(
      "No term is always in the model; name the exposure and its confounders in keep.", class = "sparsekin_Unavailable"
    )
  }
  found <- call_core("double_selection", list(
    data = core_data(object$design, object$scale), options = options_of(object), level = level,
    folds = check_number_of_folds(folds), rng = read_rng(rng)
  ))
  names(found) <- c("term", "task", "estimate", "std.error", "conf.low", "conf.high", "p.value", "controls", "estimate_fit")
  found
}

# The options that give a fit of sparse_mtl() anew. `dial`: from a cross-validation from pooled to separate, which has scales and
# weights of tasks of its own and ties always-in columns.
options_of <- function(object) {
  options <- object[c("lambda_1", "lambda_2", "lambda_z", "task_weights", "effort")]
  if (isTRUE(object$dial)) options$dial <- TRUE
  c(list(s = unname(object$s), support = object$support_mode), options)
}
