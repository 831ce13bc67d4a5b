#' Multi-task highly adaptive lasso at many lambdas
#'
#' @inheritParams mt_hal
#' @param lambda penalties > 0 to try; by default `n_lambda` values, evenly spaced in logarithm, down from the least at
#'   which no function is in.
#' @param n_lambda how many, where `lambda` is not given.
#' @return An object of class `path_mt_hal`. Its `table` has a row per lambda: `lambda`, `objective`, `gap`, `selected`
#'   (functions) and `variables`; `variation` a column per variable with the variation of the functions it is in, mean over
#'   tasks. Methods: [print()], [plot()], [tidy()] and [refit()].
#' @examplesIf sparsekin::core_available()
#' path <- path_mt_hal(mpg ~ h(wt) + h(hp), data = mtcars, task = "am", n_lambda = 20)
#' path
#' plot(path)
#' refit(path, at = 10)
#' @export
path_mt_hal <- function(formula, data, task = NULL, lambda = NULL, n_lambda = 100, order = 1, family = "gaussian", ties = c("efron", "breslow"),
                        penalty = c("l21", "lasso", "sparse-group"), l1_ratio = 0.5, scale_outcome = NULL,
                        reduce_basis = NULL, weights = NULL, missing = c("raise", "drop"), subset = NULL, na.action = NULL, tolerance = 1e-6,
                        memory = 4e9, adapt = NULL, linear = NULL) {
  call <- match.call()
  env <- parent.frame()
  given <- given_rows(call, formula, data, env, first(missing))
  call <- given$call
  family <- read_family(family)
  design <- make_hal_design(formula, given, family)
  settings <- hal_settings(order, family, penalty, l1_ratio, scale_outcome, reduce_basis, memory, adapt, ties)
  options <- c(hal_grid(lambda, n_lambda, tolerance), list(linear = linear))
  found <- call_core("hal_path", list(model = hal_model(design, settings), options = options))
  variation <- found$variation
  colnames(variation) <- as.character(unlist(found$variables))
  structure(list(
    call = call, formula = formula, table = found$table, variation = variation, tasks = core_tasks(found, design),
    design = design, settings = settings, tolerance = tolerance, linear = linear
  ), class = "path_mt_hal")
}

#' Methods of a path of the highly adaptive lasso
#'
#' @param x,object a path of [path_mt_hal()].
#' @param at row of the table: which lambda; no criterion chooses one, see [cv_mt_hal()].
#' @param ... not used.
#' @return `refit()`: the fit at that lambda, of class `mt_hal`. `tidy()`: a row per lambda and variable. `print()`: `x`,
#'   invisibly.
#' @examplesIf sparsekin::core_available()
#' path <- path_mt_hal(mpg ~ h(wt), data = mtcars, task = "am", n_lambda = 10)
#' tidy(path)
#' refit(path, 5)
#' @name refit.path_mt_hal
NULL

#' @rdname refit.path_mt_hal
#' @method refit path_mt_hal
#' @export
refit.path_mt_hal <- function(object, at = NULL, ...) {
  m <- nrow(object$table)
  if (!is.numeric(at) || length(at) != 1L || !at %in% seq_len(m)) {
    stop_sparsekin(
      "at must be one row of the table of the path, 1 to ", m, if (!is.null(at)) paste0(", not ", deparse1(at)),
      "; cv_mt_hal() chooses a lambda.",
      class = "sparsekin_OptionError"
    )
  }
  options <- list(
    lambdas = I(object$table$lambda[seq_len(at)]), tolerance = object$tolerance, linear = object$linear
  )
  model <- hal_model(object$design, object$settings)
  found <- call_core("hal_path_fit", list(model = model, options = options, at = as.integer(at)))
  call <- call_of_choice(object$call, "mt_hal", list(lambda = object$table$lambda[at]))
  chosen_by(new_mt_hal(found, object$design, object$settings, call), match.call())
}

#' @rdname refit.path_mt_hal
#' @export
print.path_mt_hal <- function(x, ...) {
  print_call(x)
  cat(tasks_text(x), ", ", nobs_text(x$design), ", ", counted(nrow(x$table), "lambda"), "\n\n", sep = "")
  some <- unique(round(seq(1, nrow(x$table), length.out = 20L)))
  print(x$table[some, ], digits = 4L)
  if (nrow(x$table) > length(some)) cat("and those between: see $table\n")
  invisible(x)
}

#' @rdname refit.path_mt_hal
#' @method tidy path_mt_hal
#' @export
tidy.path_mt_hal <- function(x, ...) {
  names <- colnames(x$variation)
  data.frame(
    lambda = rep(x$table$lambda, each = length(names)), variable = rep(names, nrow(x$table)),
    variation = as.vector(t(x$variation))
  )
}
