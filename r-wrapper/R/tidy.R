#' Tables of a fit for broom, modelsummary and friends
#'
#' @param x a fit of [sparse_mtl()].
#' @param data the data frame the fit was made from, in its order (other rows are refused); by default only row names, task, fitted values and residuals.
#' @param newdata other rows, with the columns of the fit and the task column; without those of the outcome there are no residuals.
#' @param conf.int whether to give intervals; without [stability()] they are `NA`, with a warning.
#' @param conf.level of the intervals after [stability()].
#' @param exponentiate `TRUE`: ratios of odds, rates and hazards, in columns of estimates and intervals.
#' @param how,task,labelled how `newdata` are predicted, as of [predict.sparse_mtl()].
#' @param ... not used.
#' @return Data frames.
#'
#'   `tidy()`: one row per term and task: `term`, `task`, `estimate` (units of the data), `estimate_standardized` (the
#'   scale of the penalties; `NA` for unpenalised terms), `selected`, `n_tasks` (tasks that select the term), `kind`
#'   (`"intercept"`, `"keep"` or `"candidate"`). A feature that no task selects has no row; estimates are `NA` where
#'   a task does not select it. After [stability()] also `frequency`, `frequency_any`, `estimate_heldout`, `std.error`, `conf.low`,
#'   `conf.high`, `p.value`, `p.adjusted`, `status` (`"shown"`, `"borrowed"`, `"unstable"`) and `se_kind`.
#'
#'   `glance()`: one row for the whole fit. `r.squared` and `rmse` are means over the tasks; where not all outcomes are gaussian
#'   `deviance` and `null.deviance`, sums over the tasks, and `dev.ratio`, the mean share explained, stand for them.
#'
#'   `augment()`: one row per row of the data, with `.fitted` and `.resid`, or `.fitted_<outcome>` and
#'   `.resid_<outcome>` for several outcomes; `NA` in rows that were dropped. Of `newdata`, what [predict()] gives. After [hold_out()], and
#'   of fits of [refit()] that hold such predictions, also `.fitted_cv`, by the model without the fold of the row.
#' @examplesIf sparsekin::core_available()
#' fit <- sparse_mtl(mpg ~ ., data = mtcars, task = "am", s = 2)
#' tidy(fit)
#' glance(fit)
#' head(augment(fit, mtcars))
#' @name tidy.sparse_mtl
NULL

#' @rdname tidy.sparse_mtl
#' @method tidy sparse_mtl
#' @export
tidy.sparse_mtl <- function(x, conf.int = !is.null(x$stability), conf.level = 0.95, exponentiate = FALSE, ...) {
  rows <- tidy_terms(x, x$ranked, x$support)
  if (!is.null(x$stability)) rows <- tidy_stability(rows, x, conf.level)
  if (is.null(x$stability) && conf.int) rows <- without_intervals(rows, "stability(fit) has honest ones")
  if (!conf.int) rows[c("conf.low", "conf.high")] <- NULL
  if (exponentiate) exponentials(rows, x) else rows
}

# Tables of other packages ask for intervals of anything; where there are none they are blank.
without_intervals <- function(rows, honest) {
  warn_sparsekin(
    "conf.low and conf.high are NA: intervals computed as if the selected terms had been chosen in advance would be too optimistic; ",
    honest, ".", class = "sparsekin_DataWarning"
  )
  data.frame(rows, conf.low = NA_real_, conf.high = NA_real_)
}

# Ratios of odds, rates and hazards; standard errors stay those of their logs, as in broom.
exponentials <- function(rows, x) {
  if ("gaussian" %in% x$families) {
    stop_sparsekin(
      "exponentiate = TRUE is for log odds, log rates and log hazards, not for gaussian tasks.", class = "sparsekin_OptionError"
    )
  }
  logs <- intersect(names(rows), c("estimate", "estimate_standardized", "estimate_heldout", "conf.low", "conf.high"))
  rows[logs] <- lapply(rows[logs], exp)
  rows
}

# Unpenalised terms, then the features of `order`, with estimates where `there` (p, K).
tidy_terms <- function(x, order, there) {
  fixed <- unpenalised(x)
  features <- rownames(x$support)[order]
  blank <- function(values) replace(values[features, , drop = FALSE], !there[order, , drop = FALSE], NA)
  estimate <- rbind(fixed, blank(x$coefficients))
  selected <- rbind(!is.na(fixed) | TRUE, x$support[order, , drop = FALSE])
  kind <- c(rep("intercept", x$design$intercept), rep("keep", ncol(x$design$keep)), rep("candidate", length(order)))
  by_row <- function(values) as.vector(t(values))
  K <- ncol(estimate)
  data.frame(
    term = rep(rownames(estimate), each = K), task = rep(x$tasks, nrow(estimate)), estimate = by_row(estimate),
    estimate_standardized = by_row(rbind(NA * fixed, blank(x$coef_standardized))), selected = by_row(selected),
    n_tasks = rep(unname(rowSums(selected)), each = K), kind = rep(kind, each = K)
  )
}

#' @rdname coef.path_sparse_mtl
#' @method tidy path_sparse_mtl
#' @export
tidy.path_sparse_mtl <- function(x, ...) {
  settings <- x$table[x$selected$setting, c("s", "lambda_1", "lambda_2", "lambda_z")]
  data.frame(setting = x$selected$setting, settings, x$selected[-1L], row.names = NULL)
}

#' @rdname refit.cv_sparse_mtl
#' @method tidy cv_sparse_mtl
#' @export
tidy.cv_sparse_mtl <- function(x, ...) x$settings
