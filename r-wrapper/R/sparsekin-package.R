#' sparsekin: sparse models for kindred tasks
#'
#' [sparse_mtl()] fits one sparse regression per task (study, hospital,
#' outcome) so that the tasks' lists of features agree where the data let
#' them. [cv_sparse_mtl()] chooses its settings.
#'
#' @importFrom generics tidy glance augment refit
#' @importFrom stats coef deviance fitted formula nobs predict residuals vcov
#'   confint logLik
#' @keywords internal
"_PACKAGE"

#' Generics from other packages
#'
#' See [generics::tidy()], [generics::glance()], [generics::augment()] and
#' [generics::refit()].
#'
#' @param x,object a fit.
#' @param ... passed to methods.
#' @return What the method for the class of `x` returns.
#' @name reexports
#' @keywords internal
NULL

#' @rdname reexports
#' @export
generics::tidy

#' @rdname reexports
#' @export
generics::glance

#' @rdname reexports
#' @export
generics::augment

#' @rdname reexports
#' @export
generics::refit
