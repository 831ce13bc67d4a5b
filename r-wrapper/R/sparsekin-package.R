#' sparsekin: sparse models for kindred tasks
#'
#' [sparse_mtl()] fits one sparse regression per task (study, hospital,
#' outcome) so that the tasks' lists of features agree where the data let
#' them. [cv_sparse_mtl()] chooses its settings. [mt_hal()] fits curves and
#' interactions instead of lines, and [cv_mt_hal()] chooses how many.
#' [mixed_forms()] lets several responses, fixed and random effects share
#' latent codes.
#'
#' @examplesIf sparsekin::core_available()
#' fit <- sparse_mtl(mpg ~ wt + hp + qsec, data = mtcars, task = "am", s = 2)
#' summary(fit)
#' @importFrom generics tidy glance augment refit
#' @importFrom stats coef deviance fitted formula frequency nobs predict residuals vcov
#'   confint logLik case.names family model.matrix simulate variable.names weights
#' @keywords internal
"_PACKAGE"

#' @export
generics::tidy

#' @export
generics::glance

#' @export
generics::augment

#' @export
generics::refit
