#' Multi-task highly adaptive lasso
#'
#' Nonparametric regression of several tasks at once, from one shared sparse basis. The regression functions are sums of
#' products of steps or hinges with knots at observed values; a basis function is in for all tasks or for none, with a
#' coefficient of its own in each.
#'
#' Minimised are the tasks' mean squared errors, halved, or half the mean deviances of other families, plus `lambda` times the sum over basis
#' functions of the 2-norm of their coefficients. The solution comes with a duality gap over all functions: the proven
#' distance to the optimum.
#'
#' `h()` stands in the formula and is never evaluated. `h(age)` is a function of age, `h(age, bmi)` the products of one
#' function of each (without their main effects), `h(.)` the main effects of every column but the outcomes, the task,
#' the weights and those outside `h()`, and `h(., .)` all pairs. A term can have options: `k`, knots per variable (a
#' number, or `"full"`: every observed value); `order`, as below; `pf`, a factor of its penalty; `monotone`, `"i"` where the
#' function must not fall or `"d"` where it must not rise: `h(age, k = 50, order = 0, monotone = "i")`.
#' Factors stand for indicators of their levels. Terms outside `h()` are made as in [lm()], and are not penalised.
#' Several outcomes, `cbind(y1, y2) ~ h(.)`, share one design: each outcome is a task, and may be missing in some rows.
#'
#' @param formula a two-sided formula with `h()` terms.
#' @param data a data frame.
#' @param task name of the column that says which task a row belongs to; `NULL`: one task, or several outcomes.
#' @param lambda penalty, > 0. [cv_mt_hal()] chooses it.
#' @param order of terms that do not say: 0, steps (jumps can be found); 1, hinges (continuous); 2, squared hinges
#'   (smooth).
#' @param family `"gaussian"`, `"binomial"`, `"poisson"` or `"cox"`, or a vector of them named by task; also `binomial()`. A binomial
#'   outcome is 0 and 1, `FALSE` and `TRUE`, a factor or text of two levels, of which the second is 1, or, beside `task`,
#'   `cbind(successes, failures)`. Survival times are `survival::Surv(time, status)` or `Surv(start, stop, status)`, which mean
#'   `"cox"`: `h()` then makes the log hazard. The formula can have `offset()` and, for survival times, `strata()` of columns.
#' @param ties of survival times: how events at one time count.
#' @param penalty `"l21"`; `"lasso"`: a lasso per task, tasks share `lambda` and nothing else; `"sparse-group"`:
#'   `l1_ratio` of the lasso and the rest of `"l21"`, so that a function that is in may be out in some tasks.
#' @param l1_ratio from 0 to 1, for `"sparse-group"`.
#' @param scale_outcome `TRUE` divides gaussian outcomes by their standard deviations while fitting, for outcomes in
#'   different units; by default only where families are mixed.
#' @param reduce_basis steps that are 1 in at most this share of rows are left out; by default 1 / sqrt(n).
#' @param adapt a fit of `mt_hal()` or of `refit()`, of the same variables: the adaptive lasso. The penalty of a set of variables
#'   is divided by the share of the variation that it carries in that fit, plus .02, so what mattered is shrunk less. The
#'   errors of a cross-validation then flatter a little, since these factors have seen all rows.
#' @param linear above 0, at most 1: a penalty of their own for lines (hinges at smallest values of variables), so that a curve
#'   has to be worth being one. At 1 noise would let in a line as early as any other function, at .1 at ten times that
#'   `lambda`. `NULL`: lines are functions as any other. [cv_mt_hal()] chooses it.
#' @param weights name of a column, or a vector with one weight per row, with names as in [sparse_mtl()].
#' @param missing what to do with rows that have a missing value: `"raise"` an error, or `"drop"` them and say so in
#'   the summary.
#' @param subset rows to use, as for [lm()]: a logical expression of columns, or row numbers.
#' @param na.action [stats::na.omit()] or [stats::na.exclude()], which mean `missing = "drop"` (with the latter fitted values and
#'   residuals are padded with `NA`), or [stats::na.fail()], which means `"raise"`.
#' @param relaxed `TRUE` refits the selected functions without the penalty.
#' @param tolerance duality gap to reach, relative to the objective of the model without functions.
#' @param memory bytes the basis may take; more is refused before anything is built.
#' @return An object of class `mt_hal`, with methods for [print()], [summary()], [coef()], [predict()], [fitted()],
#'   [residuals()], [plot()], [formula()], [nobs()], [deviance()], [tidy()], [glance()] and [augment()]. It holds no
#'   reference to Python. `variables` and `sections` say which share of the variation each variable and each set of
#'   variables carries in each task, `forms` whether a variable's effect is linear, curved or made of steps, and how many knots
#'   it bends or jumps at, the first and the last of them.
#' @references Malenica et al. (2023), <https://arxiv.org/abs/2301.12029>.
#' @seealso [cv_mt_hal()] to choose `lambda`.
#' @examplesIf sparsekin::core_available()
#' set.seed(1)
#' centres <- data.frame(centre = rep(c("A", "B"), each = 100), age = runif(200, 30, 75),
#'   bmi = runif(200, 18, 40))
#' centres$rate <- 170 - pmax(centres$age - 50, 0) + 5 * (centres$bmi > 30) + rnorm(200, sd = 3)
#' fit <- mt_hal(rate ~ h(age) + h(bmi, order = 0), data = centres, task = "centre", lambda = 0.5)
#' summary(fit)
#' plot(fit)
#' @export
mt_hal <- function(formula, data, task = NULL, lambda, order = 1, family = "gaussian", ties = c("efron", "breslow"),
                   penalty = c("l21", "lasso", "sparse-group"), l1_ratio = 0.5, scale_outcome = NULL,
                   reduce_basis = NULL, weights = NULL, missing = c("raise", "drop"), subset = NULL, na.action = NULL, relaxed = FALSE, tolerance = 1e-6,
                   memory = 4e9, adapt = NULL, linear = NULL) {
  call <- match.call()
  env <- parent.frame()
  given <- given_rows(call, formula, data, env, first(missing))
  call <- given$call
  family <- read_family(family)
  design <- make_hal_design(formula, given, family)
  settings <- hal_settings(order, family, penalty, l1_ratio, scale_outcome, reduce_basis, memory, adapt, ties)
  check_choice(relaxed, "relaxed", list(TRUE, FALSE))
  options <- list(lambda_ = check_lambda(lambda, 1L), tolerance = tolerance, linear = linear)
  found <- call_core("hal_fit", list(model = hal_model(design, settings), options = options, relaxed = relaxed))
  new_mt_hal(found, design, settings, call)
}

# Finite numbers > 0, `count` of them.
check_lambda <- function(lambda, count = length(lambda)) {
  usable <- is.numeric(lambda) && length(lambda) == count && count > 0L && all(is.finite(lambda) & lambda > 0)
  if (!usable) {
    stop_sparsekin(
      "lambda = ", deparse1(lambda), " must be ", if (count == 1L) "one finite number" else "finite numbers",
      " > 0; cv_mt_hal() chooses it.", class = "sparsekin_OptionError"
    )
  }
  as.double(lambda)
}

hal_settings <- function(order, family, penalty, l1_ratio, scale_outcome, reduce_basis, memory, adapt, ties) {
  list(
    order = sizes(order), family = sent_family(family), penalty = first(penalty),
    ties = first(ties), l1_ratio = l1_ratio, scale_outcome = scale_outcome, reduce_basis = reduce_basis, memory = memory,
    adapt = if (!is.null(adapt)) what_to_adapt_to(adapt)
  )
}

what_to_adapt_to <- function(fit) {
  if (!inherits(fit, "mt_hal")) {
    stop_sparsekin(
      "adapt must be a fit of mt_hal() or of refit(), not of class '", class(fit)[1L], "'.",
      class = "sparsekin_OptionError"
    )
  }
  list(variables = I(colnames(fit$design$x)), shares = section_shares(fit))
}

# Share of the variation that each set of variables carries, mean over tasks.
section_shares <- function(fit) {
  shares <- sweep(fit$effects, 2L, pmax(colSums(fit$effects), .Machine$double.xmin), "/")
  as.list(tapply(rowMeans(shares), fit$term_sections, sum))
}

# The arguments of MTHAL.from_formula.
hal_model <- function(design, settings) {
  c(
    list(formula = design$text, data = sent_frame(design), task = design$task_name, weights = design$weights), settings
  )
}

new_mt_hal <- function(found, design, settings, call) {
  tasks <- core_tasks(found, design)
  design$x <- smooth_columns(design$smooth, design$levels, unlist(found$features))
  terms <- as.character(unlist(found$terms))
  fitted <- name_rows(found$fitted, design)
  judged_as(structure(list(
    call = call, formula = design$formula, coefficients = hal_coefficients(found, design, terms, tasks),
    functions = found$functions, terms = terms, term_sections = as.character(unlist(found$term_sections)),
    effects = matrix(found$effects, length(terms), length(tasks), dimnames = list(term = terms, task = tasks)),
    variables = name_shares(found$variables, "variable", tasks), sections = name_shares(found$sections, "section", tasks),
    forms = cbind(variable = as.character(unlist(found$variables$names)), found$forms),
    term_forms = as.character(unlist(found$term_forms)),
    linear = if (!is.na(found$glance$linear)) found$glance$linear,
    fitted.values = fitted, residuals = if (is.null(design$parts)) name_rows(design$y, design) - fitted else name_rows(found$resid, design),
    total_deviance = found$deviance, baseline = name_baseline(found, design), tasks = tasks, bounds = found$bounds,
    families = stats::setNames(as.character(unlist(found$families)), tasks),
    lambda = found$lambda, status = found$status, task_fit = `row.names<-`(found$task_fit, tasks),
    overall = found$glance, ledger = design$ledger, na.action = design$ledger$dropped, design = design,
    settings = settings
  ), class = "mt_hal"), found)
}

# (1 + q + a, K): intercept, columns outside h(), functions.
hal_coefficients <- function(found, design, terms, tasks) {
  kept <- found$keep_coef[match(colnames(design$keep), unlist(found$keep_names)), , drop = FALSE]
  parts <- rbind(if (design$intercept) found$intercept, kept, found$coef)
  parts[is.nan(parts)] <- NA
  names <- c(if (design$intercept) "(Intercept)", colnames(design$keep), terms)
  matrix(parts, length(names), length(tasks), dimnames = list(term = names, task = tasks))
}

# A data frame: the name, how many functions, and a column per task with the share of its variation.
name_shares <- function(found, what, tasks) {
  shares <- matrix(found$shares, length(found$names), length(tasks), dimnames = list(NULL, tasks))
  out <- data.frame(as.character(unlist(found$names)), as.integer(found$functions), shares, check.names = FALSE)
  stats::setNames(out, c(what, "functions", tasks))
}
