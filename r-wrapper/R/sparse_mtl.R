#' Sparse regression of several tasks with shared supports
#'
#' Selects at most `s` features in every task and estimates their coefficients. The tasks' supports (which features
#' are selected) borrow strength from each other.
#'
#' Minimised are the tasks' mean squared errors, halved, or half the mean deviances of other families, plus `lambda_1 / 2` times the sum of squared coefficients,
#' `lambda_2 / 2` times their squared distances from the tasks' mean, and `lambda_z / 2` times the squared distances
#' of the 0/1 supports from their mean. Columns are centred and scaled within each task before the penalties act;
#' coefficients are reported in the units of the data.
#'
#' Terms, factors, contrasts and interactions work as in [lm()]: the design is made by [model.frame()] and
#' [model.matrix()]. `.` stands for all columns but the outcomes, the task, the weights, the exposure and those of `offset()` and
#' `strata()`. Several outcomes,
#' `cbind(y1, y2) ~ .`, share one design: each outcome is a task, and may be missing in some rows.
#'
#' @param formula a two-sided formula. An [offset()] is a known part of the linear predictor, of fits and of predictions. Survival
#'   times can have `strata()` of columns: rows with a baseline hazard of their own beside those of the tasks.
#' @param data a data frame.
#' @param task name of the column that says which task a row belongs to, in quotes or bare; `NULL`: one task, or several outcomes.
#' @param s most features a task may select: one number, one per task, or a vector named by task.
#' @param lambda_1 ridge penalty. `"auto"`: 0 where all outcomes are gaussian, else 1 over the mean rows of a task, a standard
#'   normal prior on the log odds (rate, hazard) ratio per standard deviation. With 0 features that separate an outcome are refused.
#' @param lambda_2 penalty on differences between the tasks' coefficients. `Inf`: one coefficient vector for all tasks, of the
#'   terms of `keep` too (a finite `lambda_2` does not touch these), and an intercept per task, as in
#'   `lm(y ~ ... + factor(task))`; columns are then scaled by pooled standard deviations, unless `standardize = FALSE`.
#' @param lambda_z penalty on differences between the tasks' supports.
#' @param support `"heterogeneous"`; `"common"`: the same features in every task; `"independent"`: nothing shared.
#' @param keep terms or columns that are always in: not counted and not penalised.
#' @param weights name of a column, in quotes or bare, or an expression with one weight per row; columns of the data come first.
#'   Where a vector has the names of rows, they pair by name: other rows, or the same in another order, are refused; so with
#'   `groups`, `folds` and `task`.
#' @param missing what to do with rows that have a missing value: `"raise"` an error, or `"drop"` them and say so in
#'   the summary.
#' @param subset rows to use, as for [lm()]: a logical expression of columns, or row numbers.
#' @param na.action [stats::na.omit()] or [stats::na.exclude()], which mean `missing = "drop"` (with the latter fitted values and
#'   residuals are padded with `NA`), or [stats::na.fail()], which means `"raise"`.
#' @param standardize scale on which the penalties act: standard deviations `"within"` each task, `"pooled"` over all
#'   rows, or `FALSE`.
#' @param scale_outcome `TRUE` divides every outcome by its standard deviation, for outcomes in different units.
#' @param task_weights `"equal"`: every task counts as a mean; `"rows"`: in proportion to its rows; `"auto"`: `"rows"` where
#'   `Inf` is among the values of `lambda_2`, else `"equal"`.
#' @param effort how long to search: 0, 1 or 2.
#' @param solver `"search"`; `"relaxation"`: the `s` features of largest share in the convex relaxation, refitted, without
#'   any search (needs `lambda_1 > 0` or many rows); `"scip"`: the search, then [certify()].
#' @param gap,time_limit for `"scip"`, as in [certify()]; the time limit, in seconds, also ends the relaxation early.
#' @param family `"gaussian"`, `"binomial"`, `"poisson"` or `"cox"`, or those by task, as a list or a vector named by task; also
#'   `binomial`, `binomial()`. A binomial outcome is 0 and 1, `FALSE` and `TRUE`, a factor or text of two levels, of which the second
#'   is 1, or, beside `task`, `cbind(successes, failures)`. Survival times are `survival::Surv(time, status)` or
#'   `Surv(start, stop, status)`, which mean `"cox"`: the log hazard is then linear.
#' @param ties of survival times: how events at one time count.
#' @param exposure of counts: time at risk or size of a group, whose log is an offset of the rows of the fit; the name of a column,
#'   in quotes or bare, or one number per row. New rows are predicted per unit of it.
#' @return An object of class `sparse_mtl`, with methods for [print()], [summary()], [coef()], [predict()], [fitted()],
#'   [residuals()], [plot()], [formula()], [nobs()], [deviance()], [tidy()], [glance()] and [augment()]. It holds no
#'   reference to Python. Where not all outcomes are gaussian `performance` says how well each task is predicted, on the rows of the
#'   fit (`"apparent"`, too good) and, after [refit()] of a cross-validation, on rows held out: share of the deviance explained, AUC,
#'   Brier score, concordance, calibration intercept and slope. With `solver = "relaxation"` it has the shares too, as `fractional`; with that and with
#'   `"scip"` it has a `certificate`, see [certify()].
#' @references Loewinger et al. (2022), <https://arxiv.org/abs/2212.08697>.
#' @seealso [cv_sparse_mtl()] to choose `s` and the penalties.
#' @examplesIf sparsekin::core_available()
#' set.seed(1)
#' studies <- data.frame(site = rep(c("north", "south"), each = 40), matrix(rnorm(640), 80))
#' studies$y <- 2 * studies$X2 - studies$X5 + rnorm(80, sd = 0.3)
#' fit <- sparse_mtl(y ~ ., data = studies, task = "site", s = 2, lambda_z = 0.1)
#' summary(fit)
#' predict(fit, studies[1:3, ])
#' studies$ill <- studies$y > 0
#' odds <- sparse_mtl(ill ~ . - y, data = studies, task = "site", s = 2, lambda_z = 0.1,
#'   family = binomial)
#' tidy(odds, exponentiate = TRUE)
#' @export
sparse_mtl <- function(formula, data, task = NULL, s, lambda_1 = "auto", lambda_2 = 0, lambda_z = 0,
                       support = c("heterogeneous", "common", "independent"), keep = NULL, weights = NULL,
                       missing = c("raise", "drop"), subset = NULL, na.action = NULL, standardize = "within", scale_outcome = FALSE,
                       task_weights = c("auto", "equal", "rows"), effort = 1, solver = c("search", "relaxation", "scip"),
                       gap = 1e-4, time_limit = Inf, family = "gaussian", ties = c("efron", "breslow"), exposure = NULL) {
  call <- match.call()
  env <- parent.frame()
  given <- given_rows(call, formula, data, env, first(missing))
  call <- given$call
  design <- make_design(formula, given, keep, read_family(family))
  scale <- read_scale(standardize, scale_outcome, ties)
  options <- list(
    s = sizes(s), lambda_1 = lambda_1, lambda_2 = lambda_2, lambda_z = lambda_z, support = first(support),
    task_weights = first(task_weights), effort = effort
  )
  how <- list(solver = first(solver), gap = gap, time_limit = if (is.finite(time_limit)) time_limit)
  found <- call_core("fit", list(data = core_data(design, scale), options = c(options, how)))
  new_sparse_mtl(found, design, scale, options, call)
}

# The first of the choices in a signature, or what the user chose.
first <- function(choices) choices[[1L]]

# How numbers are read: scales, and ties of survival times.
read_scale <- function(standardize, scale_outcome, ties = "efron") {
  check_choice(standardize, "standardize", list("within", "pooled", FALSE))
  check_choice(scale_outcome, "scale_outcome", list(TRUE, FALSE))
  ties <- check_choice(first(ties), "ties", c("efron", "breslow"))
  list(standardize = standardize, scale_outcome = scale_outcome, ties = ties)
}

# Whole numbers as integers; a vector named by task becomes an object in JSON.
sizes <- function(s) {
  if (is.double(s) && all(abs(s) < 2^31 & s == trunc(s), !is.na(s))) storage.mode(s) <- "integer"
  if (is.null(names(s))) s else as.list(s)
}

# What the core is sent of a design.
core_data <- function(design, scale) {
  kept <- ncol(design$keep) > 0L
  list(
    X = unname(design$x), features = I(colnames(design$x)), keep = if (kept) unname(design$keep),
    keep_names = I(as.character(colnames(design$keep))), y = sent_outcomes(design), task = design$task,
    task_name = design$task_name, weights = design$weights, intercept = design$intercept, standardize = scale$standardize,
    scale_outcome = scale$scale_outcome, outcome = sent_response(design, scale$ties)
  )
}

# Whether outcomes are numbers with squared errors, of which offsets are taken off.
is_plain <- function(design) all_gaussian(design$family) && is.null(design$parts) && is.null(design$strata)

# Outcomes, those with squared errors less the offset.
sent_outcomes <- function(design) {
  as.data.frame(if (is.null(design$offset) || !is_plain(design)) design$y else design$y - design$offset)
}

# What outcomes are, where they are not plain.
sent_response <- function(design, ties) {
  if (is_plain(design)) return(NULL)
  list(
    family = sent_family(design$family), ties = ties, call = design$parts$call, parts = design$parts$columns,
    levels = if (!is.null(design$outcome_levels)) I(design$outcome_levels), offset = design$offset,
    strata = if (!is.null(design$strata)) as.integer(design$strata) - 1L
  )
}

new_sparse_mtl <- function(found, design, scale, options, call) {
  features <- colnames(design$x)
  parts <- linear_parts(found, design, scale, call)
  options$lambda_1 <- found$glance$lambda_1
  judged_as(structure(c(
    parts, fit_options(options),
    list(
      s = stats::setNames(found$s, parts$tasks), stacking = name_stacking(found$stacking, parts$tasks),
      certificate = found$certificate,
      fractional = if (!is.null(found$fractional)) matrix(found$fractional, length(features), dimnames = dimnames(parts$support)),
      iterations = found$iterations, separated = unlist(found$separated), counted = stats::setNames(found$task_weights, parts$tasks)
    )
  ), class = "sparse_mtl"), found)
}

# What every linear model of several tasks holds.
linear_parts <- function(found, design, scale, call) {
  tasks <- core_tasks(found, design)
  features <- colnames(design$x)
  names <- list(term = features, task = tasks)
  offset <- if (is.null(design$offset) || !is_plain(design)) 0 else design$offset
  fitted <- name_rows(found$fitted, design) + offset
  support <- matrix(found$support == 1, length(features), dimnames = names)
  list(
    call = call, formula = design$formula, coefficients = coefficient_matrix(found, design, tasks), support = support,
    coef_standardized = matrix(found$coef_standardized, length(features), dimnames = names),
    selected = features[rowSums(support) > 0], ranked = found$ranked, fitted.values = fitted,
    residuals = if (is_plain(design)) name_rows(design$y, design) - fitted else name_rows(found$resid, design), tasks = tasks, families = stats::setNames(unlist(found$families), tasks),
    task_fit = `row.names<-`(found$task_fit, tasks), homogeneity = name_homogeneity(found$homogeneity, tasks),
    constant = lapply(found$constant, unlist), overall = found$glance, ledger = design$ledger,
    na.action = design$ledger$dropped, terms = design$terms, xlevels = design$xlevels, contrasts = design$contrasts,
    design = design, scale = scale, new_site = found$new_site, total_deviance = found$deviance,
    baseline = name_baseline(found, design)
  )
}

# (1 + q + p, K) coefficients on the scale of the data; 0 where a feature is not selected, NA where a term of `keep` cannot be
# estimated in a task: it is constant there, or given by earlier ones.
coefficient_matrix <- function(found, design, tasks) {
  terms <- term_names(design)
  parts <- rbind(if (design$intercept) found$intercept, found$keep_coef, found$coef)
  parts[is.nan(parts)] <- NA
  matrix(parts, length(terms), dimnames = list(term = terms, task = tasks))
}

# (n) for one outcome, (n, K) for several.
name_rows <- function(values, design) {
  if (design$multi_label) return(matrix(values, nrow(values), dimnames = list(design$ledger$kept, colnames(design$y))))
  stats::setNames(as.vector(values), design$ledger$kept)
}

name_homogeneity <- function(alike, tasks) {
  square <- c("shared", "jaccard", "overlap", "chance_shared")
  alike[square] <- lapply(alike[square], `dimnames<-`, list(tasks, tasks))
  alike$sizes <- stats::setNames(alike$sizes, tasks)
  alike[c("core", "union")] <- lapply(alike[c("core", "union")], function(names) as.character(unlist(names)))
  alike
}

# The settings as the fit names them; `support` is the matrix of selected features.
fit_options <- function(options) {
  names(options)[names(options) == "support"] <- "support_mode"
  options[setdiff(names(options), "s")]
}

# NULL, or the weights of the task models in a prediction for a new study.
name_stacking <- function(stacking, tasks) {
  if (!is.null(stacking)) stacking$weights <- stats::setNames(stacking$weights, tasks)
  stacking
}
