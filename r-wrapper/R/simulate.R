#' Outcomes drawn anew from a fit
#'
#' As [stats::simulate()] of [lm()] and [glm()]: the rows of the fit with outcomes drawn from the model. The noise of gaussian tasks has
#' their residual standard deviation (`$task_fit`: `resid_sd`, which counts what was selected as chosen in advance, so that it is a little
#' small; where there is none, `rmse`), that of a row of weight w less by sqrt(w). Not of survival times, whose censoring no model knows.
#'
#' @param object a fit of [sparse_mtl()], [mt_hal()] or of [refit()] whose outcomes are gaussian, binomial or poisson.
#' @param nsim how many outcomes to draw.
#' @param seed `NULL`: R's random numbers go on; else [set.seed()] is called with it, and the random numbers are put back afterwards.
#' @param ... not used.
#' @return A data frame with a column `sim_1`, ... of outcomes for each draw, of the rows used (`NA` where `na.exclude` pads);
#'   matrices of successes and failures, and of several outcomes; factors where outcomes were. Attribute `seed` is the state of the
#'   random numbers before.
#' @examplesIf sparsekin::core_available()
#' fit <- sparse_mtl(mpg ~ wt + hp, data = mtcars, task = "am", s = 1)
#' head(simulate(fit, 2, seed = 1))
#' @export
simulate.sparse_mtl <- function(object, nsim = 1, seed = NULL, ...) {
  before <- if (exists(".Random.seed", envir = globalenv(), inherits = FALSE)) get(".Random.seed", envir = globalenv())
  if (!is.null(seed)) {
    on.exit(if (is.null(before)) rm(".Random.seed", envir = globalenv()) else assign(".Random.seed", before, envir = globalenv()))
    set.seed(seed)
  } else if (is.null(before)) stats::runif(1)
  state <- if (is.null(seed)) get(".Random.seed", envir = globalenv()) else structure(seed, kind = as.list(RNGkind()))
  draws <- lapply(seq_len(nsim), function(i) drawn_outcomes(object))
  structure(
    stats::setNames(draws, paste0("sim_", seq_len(nsim))), class = "data.frame", seed = state,
    row.names = names_of_rows(object)
  )
}

#' @rdname simulate.sparse_mtl
#' @export
simulate.mt_hal <- function(object, nsim = 1, seed = NULL, ...) simulate.sparse_mtl(object, nsim, seed)

# Names of the rows of fitted(), those included that na.exclude pads.
names_of_rows <- function(object) {
  fitted <- stats::fitted(object)
  if (is.matrix(fitted)) rownames(fitted) else names(fitted)
}

# One draw, shaped as the outcomes.
drawn_outcomes <- function(object) {
  if ("cox" %in% object$families) {
    stop_sparsekin(
      "simulate() is not available for survival times: when rows are censored is no part of the model. predict(type = \"survival\") has ",
      "the curves to draw events from.", class = "sparsekin_Unavailable"
    )
  }
  design <- object$design
  mean <- as.matrix(object$fitted.values)
  task <- if (design$multi_label) col(mean) else matrix(own_tasks(design), ncol = 1L)
  family <- matrix(object$families[task], nrow(mean))
  weight <- matrix(row_weights(design), nrow(mean), ncol(mean))
  out <- matrix(NA_real_, nrow(mean), ncol(mean), dimnames = dimnames(mean))
  at <- which(family == "gaussian")
  spread <- object$task_fit$resid_sd
  spread <- if (is.null(spread)) object$task_fit$rmse else ifelse(is.finite(spread), spread, object$task_fit$rmse)
  if (is.null(spread)) spread <- root_mean_squares(object)
  out[at] <- stats::rnorm(length(at), mean[at], spread[task[at]] / sqrt(weight[at]))
  at <- which(family == "poisson")
  out[at] <- stats::rpois(length(at), mean[at])
  at <- which(family == "binomial")
  trials <- if (identical(design$parts$call, "cbind")) rowSums(design$parts$columns)[(at - 1L) %% nrow(mean) + 1L] else rep(1, length(at))
  out[at] <- stats::rbinom(length(at), trials, mean[at])
  if (!is.null(design$parts)) out <- matrix(c(out, rowSums(design$parts$columns) - out), ncol = 2L, dimnames = list(NULL, colnames(design$parts$columns)))
  if (design$multi_label) out[is.na(design$y)] <- NA
  padded <- stats::naresid(object$na.action, if (ncol(out) == 1L) out[, 1L] else out)
  if (is.null(design$outcome_levels)) return(if (is.null(dim(padded))) unname(padded) else padded)
  factor(design$outcome_levels[padded + 1], design$outcome_levels)
}

# (K) of gaussian tasks, where the table per task has deviances.
root_mean_squares <- function(object) {
  squares <- as.matrix(object$residuals^2) * row_weights(object$design)
  code <- if (object$design$multi_label) col(squares) else own_tasks(object$design)
  weight <- matrix(row_weights(object$design), nrow(squares), ncol(squares))
  sqrt(vapply(seq_along(object$tasks), function(k) sum(squares[code == k], na.rm = TRUE) / sum(weight[code == k & !is.na(squares)]), 0))
}
