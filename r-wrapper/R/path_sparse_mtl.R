#' Sparse multi-task regression at many settings
#'
#' Fits every combination of the values given, neighbours warming each other.
#'
#' @inheritParams sparse_mtl
#' @param s support sizes to try, the same in all tasks, or `"auto"`; 0 is the model without features.
#' @param lambda_1,lambda_2,lambda_z penalties to try: numbers or `"auto"`. For `lambda_1` that is the
#'   number of [sparse_mtl()]; for `lambda_z` 0 and 19 values up to where all tasks select the same features; for `lambda_2`, from
#'   separate to pooled, 0, .03, .1, .3, 1, 10 and `Inf`: supports are searched for at 0 and `Inf`, and in between the best of those
#'   found is refitted (where not all outcomes are gaussian 0, .01, .1, 1 and 10 are searched).
#' @param bounds `TRUE` proves a lower bound of the objective at every setting: columns `bound` and `gap` of the table.
#' @param progress `TRUE` shows a progress bar (the Python package 'tqdm' must be installed).
#' @return An object of class `path_sparse_mtl`. Its `table` has a row per setting: `s` and the penalties, `objective`,
#'   `selected` (features per task, mean over the tasks), `union`, `core`, `mean_jaccard` (how alike the supports are)
#'   and `ebic` (extended BIC, smaller is better). Methods: [print()], [coef()], [predict()], [plot()], [tidy()] and
#'   [refit()], which makes the fit at one setting. Ctrl-C keeps the settings that were finished.
#' @examplesIf sparsekin::core_available()
#' path <- path_sparse_mtl(mpg ~ ., data = mtcars, task = "am", s = 2, lambda_z = c(0, 1, 10))
#' path
#' fit <- refit(path, at = 2)
#' @export
path_sparse_mtl <- function(formula, data, task = NULL, s = "auto", lambda_1 = "auto", lambda_2 = 0, lambda_z = "auto",
                            support = c("heterogeneous", "common", "independent"), keep = NULL, weights = NULL,
                            missing = c("raise", "drop"), subset = NULL, na.action = NULL, standardize = "within", scale_outcome = FALSE,
                            task_weights = c("auto", "equal", "rows"), effort = 1, bounds = FALSE, progress = FALSE,
                            family = "gaussian", ties = c("efron", "breslow"), exposure = NULL) {
  call <- match.call()
  env <- parent.frame()
  given <- given_rows(call, formula, data, env, first(missing))
  call <- given$call
  design <- make_design(formula, given, keep, read_family(family))
  scale <- read_scale(standardize, scale_outcome, ties)
  options <- list(support = first(support), task_weights = first(task_weights), effort = effort)
  grid <- list(s = sizes(s), lambda_1 = lambda_1, lambda_2 = lambda_2, lambda_z = lambda_z)
  run <- list(bounds = bounds, progress = progress)
  found <- call_core("path", list(data = core_data(design, scale), options = c(grid, options, run)))
  structure(c(list(
    call = call, formula = formula, table = found$table, finished = found$finished, selected = found$selected,
    intercept = found$intercept, keep_coef = found$keep_coef, tasks = core_tasks(found, design),
    families = stats::setNames(unlist(found$families), core_tasks(found, design)), design = design
  ), used_scale(found$used, scale, options)), class = "path_sparse_mtl")
}

# Scale and weights of tasks that a grid was solved with, and those that were not what was asked for: where Inf is among the
# values of lambda_2, they are pooled.
used_scale <- function(used, scale, options) {
  asked <- list(standardize = scale$standardize, task_weights = options$task_weights)
  scale$standardize <- used$standardize
  options$task_weights <- used$task_weights
  pooled <- !identical(used$standardize, asked$standardize) || used$task_weights != "equal" && asked$task_weights == "auto"
  list(scale = scale, options = options, chosen = if (pooled) used)
}

# A row of the table that was finished.
check_setting <- function(path, at) {
  m <- nrow(path$table)
  if (identical(at, "ebic")) at <- which.min(path$table$ebic)
  if (!is.numeric(at) || length(at) != 1L || !at %in% seq_len(m)) {
    stop_sparsekin(
      "at must be one row of the table of the path, 1 to ", m, ", or \"ebic\", not ", deparse1(at), ".",
      class = "sparsekin_OptionError"
    )
  }
  if (!path$finished[at]) {
    stop_sparsekin("The path was interrupted before setting ", at, " was solved; run it again.")
  }
  as.integer(at)
}
