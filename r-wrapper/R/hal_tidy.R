#' Tables of a multi-task highly adaptive lasso
#'
#' @param x a fit of [mt_hal()].
#' @param data the data frame the fit was made from, in its order (other rows are refused); by default only row names, task, fitted values and residuals.
#' @param newdata other rows, with the columns of the fit and the task column; without those of the outcome there are no residuals.
#' @param conf.int,conf.level accepted for tables of other packages: there are no intervals, so that they are `NA`, with a warning.
#' @param task,how how `newdata` are predicted, as of [predict.mt_hal()].
#' @param ... not used.
#' @return Data frames.
#'
#'   `tidy()`: one row per term and task: `term`, `task`, `estimate`, `variation` (absolute estimate times the largest
#'   value of the function; `NA` for terms without a penalty), `section` (its variables), `kind` (`"intercept"`, `"keep"`:
#'   outside `h()`, or `"function"`), `form` (`"linear"`, `"curved"` or `"steps"`; blank for terms without a
#'   penalty). After [stability()] also `frequency`, the share of half-samples that chose a function of the section in the task,
#'   and `frequency_any`, in any task.
#'
#'   `glance()`: one row for the whole fit. `r.squared` and `rmse` are means over the tasks; where not all are gaussian `deviance`, the sum
#'   over all rows as of [deviance()], and `dev.ratio`, a mean over the tasks.
#'
#'   `augment()`: one row per row of the data, with `.fitted` and `.resid`, or `.fitted_<outcome>` and
#'   `.resid_<outcome>` for several outcomes; `NA` in rows that were dropped. Of `newdata`, what [predict()] gives.
#' @examplesIf sparsekin::core_available()
#' fit <- mt_hal(mpg ~ h(wt, hp), data = mtcars, task = "am", lambda = 0.3)
#' tidy(fit)
#' glance(fit)
#' @name tidy.mt_hal
NULL

#' @rdname tidy.mt_hal
#' @method tidy mt_hal
#' @export
tidy.mt_hal <- function(x, conf.int = FALSE, conf.level = 0.95, ...) {
  K <- length(x$tasks)
  a <- length(x$terms)
  kinds <- c(rep("intercept", x$design$intercept), rep("keep", ncol(x$design$keep)))
  free <- matrix(NA_real_, length(kinds), K)
  by_row <- function(values) as.vector(t(values))
  rows <- data.frame(
    term = rep(rownames(x$coefficients), each = K), task = rep(x$tasks, nrow(x$coefficients)),
    estimate = by_row(x$coefficients), variation = by_row(rbind(free, unname(x$effects))),
    section = rep(c(rep("", length(kinds)), x$term_sections), each = K),
    kind = rep(c(kinds, rep("function", a)), each = K),
    form = rep(c(rep("", length(kinds)), x$term_forms), each = K)
  )
  if (!is.null(x$stability)) rows <- tidy_hal_stability(rows, x)
  if (conf.int) without_intervals(rows, "curves have bands: band() of stability(fit)") else rows
}

#' @rdname tidy.mt_hal
#' @method glance mt_hal
#' @export
glance.mt_hal <- function(x, ...) {
  out <- glance.sparse_mtl(x)
  names(out)[names(out) == "dev_ratio"] <- "dev.ratio"
  out
}

#' @rdname tidy.mt_hal
#' @method augment mt_hal
#' @export
augment.mt_hal <- function(x, data = NULL, newdata = NULL, task = NULL, how = c("task", "mean"), ...) {
  if (!is.null(newdata)) return(augment_new(x, data, newdata, task = task, how = first(how)))
  check_of_new_rows(c(if (first(how) != "task") "how", if (!is.null(task)) "task"))
  augment.sparse_mtl(x, data)
}
