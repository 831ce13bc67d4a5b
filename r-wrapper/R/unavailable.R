# Statistics that would mislead after selection say why they are not there.

stop_after_selection <- function(what, object) {
  by <- if (inherits(object, "mt_hal")) "mt_hal" else "sparse_mtl"
  chosen <- if (by == "mt_hal") "functions" else "features"
  one <- if (inherits(object, "sparse_mtl_average")) "fit$best_member" else "fit"
  there <- !is.null(object$stability)
  verbs <- if (by == "mt_hal") "band() and plot()" else "confint(), pvalues() and tidy()"
  stop_sparsekin(
    what, " computed as if the selected ", chosen, " had been chosen in advance would be too optimistic, so none are given ",
    "for a fit whose ", chosen, " were selected on the same rows. Honest ways: ",
    if (there) paste0(verbs, " of the half-samples that this fit has") else paste0("stability(", one, "), then ", verbs, " of that"),
    if (by == "mt_hal") ", curves of rows that did not choose, with bands", "; or split the rows, select on one half (", by, "), then fit lm() to the selected ", chosen, " on the other half and use its ",
    "summary(), confint() and vcov(); or repeat the whole procedure, tuning included, on bootstrap samples.",
    class = "sparsekin_Unavailable"
  )
}

#' Standard errors, intervals and p-values: after stability(), or why not
#'
#' The features were selected on the same rows, so the usual formulas are too optimistic: without half-samples these stop with
#' the reason and with ways to honest ones. After [stability()], `confint()` and `pvalues()` are about the slopes on rows that did
#' not choose the feature, never about the coefficients of the fit. Other methods of `confint()` need no half-samples.
#'
#' @param object a fit of [sparse_mtl()] or [mt_hal()].
#' @param parm names of features, or of kept terms; all with estimates by default.
#' @param level of the intervals.
#' @param method of `confint()`: `"halves"`, after `stability()`: slopes beside the features chosen in the task, a mean over half-samples;
#'   `"split"`, after `stability()`: the first half-sample alone chose, the rows of its other half estimate, which is easily explained,
#'   wider, and of another selection with another `rng`; `"bootstrap"`: percentiles of the coefficients of the fit itself over
#'   200 searches on rows drawn again, whose target is what the procedure has on average, shrunken as the fit is;
#'   `"double-selection"`, of kept terms, see [double_selection()].
#' @param terms `"candidates"`, or `"keep"`, which goes with double selection.
#' @param rng a whole number that determines the bootstrap or the folds of double selection.
#' @param ... not used.
#' @return After `stability()`: `confint()` a matrix with a row per feature and task, `pvalues()` one with a row per feature and a
#'   column per task, not adjusted for their number. Otherwise an error of class `sparsekin_Unavailable`.
#' @examplesIf sparsekin::core_available()
#' set.seed(1)
#' studies <- data.frame(site = rep(c("north", "south"), each = 60), matrix(rnorm(720), 120))
#' studies$y <- 2 * studies$X2 - studies$X5 + rnorm(120)
#' fit <- sparse_mtl(y ~ ., data = studies, task = "site", s = 2)
#' try(vcov(fit)) # why not
#' sure <- stability(fit, pairs = 10, rng = 1)
#' confint(sure)
#' pvalues(sure)
#' @name vcov.sparse_mtl
NULL

#' @rdname vcov.sparse_mtl
#' @export
pvalues <- function(object, ...) UseMethod("pvalues")
