#' Prove how far a fit is from the best possible one
#'
#' Branch and bound over supports, driven by SCIP: no choice of features and coefficients has an objective below the
#' bound that is returned. Better supports that are met on the way replace those of the fit.
#'
#' The ridge `lambda_1` is what makes proofs quick: with fewer rows than features and next to no ridge, few proofs end. A gap of
#' 0 certifies the arithmetic, not the science.
#'
#' @param object a fit of [sparse_mtl()], or of [refit()].
#' @param gap stop when (objective - bound) / objective is this small.
#' @param time_limit seconds; `Inf`: none.
#' @param method `"tree"`; `"outer-approximation"`: cuts and one mixed-integer linear program after the other, the
#'   published way, slower by far and for comparison. It needs `lambda_1 > 0`.
#' @param progress `TRUE` shows a bar with bound and objective.
#' @param ... not used.
#' @return A fit of class `sparse_mtl` with `certificate`: a list with objective, bound, gap, status, nodes, seconds and
#'   more. [summary()] shows it.
#' @examplesIf sparsekin::core_available()
#' set.seed(1)
#' studies <- data.frame(site = rep(c("north", "south"), each = 40), matrix(rnorm(640), 80))
#' studies$y <- 2 * studies$X2 - studies$X5 + rnorm(80, sd = 0.3)
#' fit <- sparse_mtl(y ~ ., data = studies, task = "site", s = 2, lambda_1 = 0.01, lambda_z = 0.1)
#' certify(fit)$certificate$status
#' @export
certify <- function(object, ...) UseMethod("certify")

#' @rdname certify
#' @export
certify.sparse_mtl <- function(object, gap = 1e-4, time_limit = 60,
                               method = c("tree", "outer-approximation"), progress = FALSE, ...) {
  options <- options_of(object)
  limits <- list(
    gap = gap, time_limit = if (is.finite(time_limit)) time_limit, method = first(method), progress = progress
  )
  found <- call_core("certify", list(data = core_data(object$design, object$scale), options = options, limits = limits))
  out <- new_sparse_mtl(found, object$design, object$scale, options, object$call)
  out$stacking <- object$stacking
  out
}
