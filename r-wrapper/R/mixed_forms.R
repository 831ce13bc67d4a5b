#' Linear mixed forms
#'
#' Responses Y, fixed-effect data X and random-effect data Z share latent codes: a row has a code `k` from which X follows,
#' a code `h` from which Z follows, and Y follows from their sum. The fit translates between the three, says which part of
#' Y's variance is fixed and which random, and shows each task's shift. Missing cells of any table are unknowns of the fit.
#'
#' Of the responses, the fixed part is what X predicts over all tasks, the random part what Z, or knowing the task, adds to
#' that. A task's shift is the response expected of it at the mean of X, minus that of an unknown task: of tasks the random
#' intercept of a mixed model, with slopes at equal tasks as far as `d` codes can say them. Rows of a task without any response
#' are predicted as those of an unknown one.
#'
#' Columns are standardised, constant ones left out. Means are estimated with the rest, so that gaps may depend on X. Minimised is the sum of squared residuals of the three tables, each divided by the variance of
#' its noise, plus `ridge` times the squares of codes and loadings, plus `l1` times the absolute loadings. Loadings are
#' reported in a canonical form: the same from any start, where the data determine them. There are no standard errors on
#' loadings, whose signs and rotations are arbitrary; [confint()] has bootstrap intervals, aligned to the fit.
#'
#' @param formula `y1 + y2 ~ x1 + x2 | z1 + z2`, each side made as in [lm()]. Without `| ...`, Z is `random` crossed with the
#'   tasks. `.` stands for every column but the responses, the task and those on the other side of `|`.
#' @param data a data frame; its missing values are unknowns of the fit.
#' @param task name of the column that says which task a row belongs to, or `NULL`.
#' @param d number of latent dimensions; [cv_mixed_forms()] chooses it.
#' @param random what Z crosses with the tasks: `~ 1`, an indicator per task; `~ 1 + x`, slopes of x per task as well.
#' @param subset rows to use, as for [lm()]: a logical expression of columns, or row numbers.
#' @param algorithm `"als"`, alternating least squares; `"em"`, from there on maximum likelihood with random codes and a
#'   residual variance for each column: slower, and better at predicting and imputing (no `l1` or `orthogonal`);
#'   `"published"`, the cyclic updates of the source, for comparison: no descent, no weights, missing cells at their
#'   column's mean.
#' @param ridge penalty on the squares of codes and loadings, at least 1e-6; of `"em"`, that of its start.
#' @param l1 penalty on absolute loadings: small ones become 0. Needs `ridge > 0`.
#' @param orthogonal `TRUE`: loadings with orthonormal columns.
#' @param weights `"residual"`: a table's squares are divided by the variance of its noise; `"equal"`: by 1.
#' @param starts how many starts are tried.
#' @param max_sweeps most sweeps over codes and loadings.
#' @param tolerance relative decrease of the objective per sweep at which the fit has converged.
#' @return An object of class `mixed_forms`, with methods for [print()], [summary()], [coef()], [predict()], [fitted()],
#'   [residuals()], [plot()], [confint()], [formula()], [nobs()], [tidy()], [glance()] and [augment()]; [translate()] and
#'   [impute()]. It holds no reference to Python. `variance_explained`, `task_shifts`, `residual_variance`,
#'   `implied_covariance` and `implied_correlation` are its tables. A status with "Heywood case" means that codes follow a
#'   response itself, beyond what X and Z say of it: its fitted values are not to be read; choose `d` with
#'   `cv_mixed_forms(target = "y")`.
#' @seealso [cv_mixed_forms()] to choose `d`.
#' @examplesIf sparsekin::core_available()
#' set.seed(1)
#' codes <- matrix(rnorm(200), 100)
#' data <- data.frame(
#'   site = rep(c("A", "B"), 50), x = codes %*% matrix(rnorm(8), 2) + rnorm(400, sd = 0.2)
#' )
#' data[c("y1", "y2")] <- codes %*% matrix(rnorm(4), 2) + (data$site == "A") + rnorm(200, sd = 0.2)
#' fit <- mixed_forms(y1 + y2 ~ x.1 + x.2 + x.3 + x.4, data = data, task = "site", d = 2)
#' summary(fit)
#' plot(fit, "variance")
#' @export
mixed_forms <- function(formula, data, task = NULL, d, random = ~1, subset = NULL, algorithm = c("als", "em", "published"), ridge = 1,
                        l1 = 0, orthogonal = FALSE, weights = c("residual", "equal"), starts = 3, max_sweeps = 2000,
                        tolerance = 1e-8) {
  call <- match.call()
  env <- parent.frame()
  given <- given_rows(call, formula, data, env, "raise")
  call <- given$call
  design <- make_forms_design(formula, given$data, given$task, random)
  options <- list(
    d = sizes(d), algorithm = first(algorithm), ridge = ridge, l1 = l1, orthogonal = orthogonal,
    weights = first(weights), starts = sizes(starts), max_sweeps = sizes(max_sweeps), tolerance = tolerance
  )
  found <- call_core("forms_fit", list(model = forms_model(design), options = options))
  new_mixed_forms(found, design, options, call)
}

# The arguments of MixedForms.from_formula.
forms_model <- function(design) {
  list(
    formula = design$text, data = forms_frame(design), task = design$task_name, random = random_text(design$random)
  )
}

new_mixed_forms <- function(found, design, options, call) {
  names <- lapply(found$names, function(one) as.character(unlist(one)))
  names$y <- colnames(design$tables$y)
  names$x <- colnames(design$tables$x)
  names$z <- colnames(all_tables(design)$z)
  tasks <- as.character(unlist(found$tasks))
  factors <- paste0("f", seq_len(ncol(found$codes_fixed)))
  loadings <- Map(function(values, rows) matrix(values, length(rows), length(factors), dimnames = list(
    term = rows, factor = factors
  )), found$loadings[blocks], names[blocks])
  codes <- lapply(found[c("codes_fixed", "codes_random")], `dimnames<-`, list(design$rows, factors))
  square <- function(values) `dimnames<-`(values, list(names$y, names$y))
  out <- c(list(call = call, formula = design$formula, loadings = loadings), codes, list(
    variance_explained = data.frame(found$variance_explained[-1L], row.names = found$variance_explained$block),
    task_shifts = if (!is.null(found$task_shifts)) `dimnames<-`(found$task_shifts, list(tasks, names$y)),
    residual_variance = split_blocks(found$residual_variance, names),
    implied_covariance = lapply(found$implied_covariance, square),
    implied_correlation = square(found$implied_correlation), trace = found$trace, tasks = tasks,
    center = found$center, scale = found$scale, basis = found$basis, noise = stats::setNames(found$noise, blocks),
    column_noise = if (!is.null(found$column_noise)) split_blocks(found$column_noise, names),
    codes_split = lapply(stats::setNames(found$codes_split, c("fixed", "random")), `dimnames<-`, dimnames(codes[[1L]])),
    notes = as.character(unlist(found$notes)), adds_effects = found$adds_effects, slopes = found$slopes, level = found$level, n_starts = found$n_starts, overall = found$glance, design = design,
    options = options
  ))
  out$fitted.values <- on_scale(out, "y", out$codes_fixed + out$codes_random, design$rows)
  out$residuals <- `dimnames<-`(design$tables$y, dimnames(out$fitted.values)) - out$fitted.values
  structure(out, class = "mixed_forms")
}

# A list with the values of each table's columns.
split_blocks <- function(values, names) {
  of <- factor(rep(blocks, lengths(names[blocks])), blocks)
  Map(stats::setNames, split(values, of), names[blocks])
}

# (m, p) columns of a table from codes (m, d), in its units.
on_scale <- function(fit, block, codes, rows) {
  values <- codes %*% t(fit$loadings[[block]])
  values <- sweep(sweep(values, 2L, fit$scale[[block]], `*`), 2L, fit$center[[block]], `+`)
  `dimnames<-`(values, list(rows, rownames(fit$loadings[[block]])))
}
