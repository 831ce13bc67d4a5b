#' What else explains the data nearly as well?
#'
#' The next best supports; or, `within` a distance, cell by cell: what it costs to leave a feature out of a task, what would take its
#' place, and whether every support that near has it. A description, not a test. Proofs need a ridge and some hundred features at most.
#'
#' @param object a fit of [sparse_mtl()] or of [refit()].
#' @param m supports after the best one, without `within`.
#' @param time_limit seconds; a search that has begun is not cut short where outcomes are gaussian.
#' @param within in units of twice the log-likelihood of the task (all of them where supports are common): n log(RSS' / RSS) of gaussian
#'   outcomes, the deviance of others; 4 is about an AIC of 2.
#' @param ... not used.
#' @return A data frame, with attribute `status`. The supports: `rank`, `objective`, `excess` (relative to the objective of the fit),
#'   `enters` and `leaves` (features, with the tasks where not all), `proven` (no other support comes before it).
#'
#'   `within`: `term` and `task`, of the fit and of supports near it, `coef`; `low` and `high`, of the coefficient in all near supports
#'   that were met; `verdict` (`"every"` or `"some"` near support has it, or `"undecided"`); `price`, the fit that is lost in the best
#'   support without it (of others, with it); `distance`, what the objective rises by in these units, which decides the verdict;
#'   `at_least`, proven of the distance; `rival`, what enters in its place (of others, what leaves); `gap`; `proven`. Attributes say how
#'   many cells are proven `in no support` near, and how many are `undecided`.
#' @seealso [certify()].
#' @examplesIf sparsekin::core_available()
#' fit <- sparse_mtl(mpg ~ wt + hp + qsec + drat, data = mtcars, task = "am", s = 2, lambda_1 = 0.1)
#' alternatives(fit, m = 2)
#' @export
alternatives <- function(object, ...) UseMethod("alternatives")

#' @rdname alternatives
#' @export
alternatives.sparse_mtl <- function(object, m = 5, time_limit = 60, within = NULL, ...) {
  found <- call_core("alternatives", list(
    data = core_data(object$design, object$scale), options = options_of(object),
    asked = list(m = sizes(m), time_limit = if (is.finite(time_limit)) time_limit, within = within)
  ))
  attributes(found$table)[names(found$said)] <- found$said
  found$table
}
