#' Coefficients and predictions of a cross-validation or a path
#'
#' What the fit at one setting gives: of a cross-validation the setting chosen by `which`, of a path row `at` of its table. Each call
#' makes that fit anew; [refit()] makes it once.
#'
#' @param object,x a cross-validation of [cv_sparse_mtl()], [cv_mt_hal()] or [cv_mixed_forms()]; a path of [path_sparse_mtl()]
#'   or [path_mt_hal()]; a comparison of [compare_models()].
#' @param which,at the setting, as for [refit()].
#' @param newdata,how,task,type,labelled,times as for [predict.sparse_mtl()], [predict.mt_hal()] and [predict.mixed_forms()].
#' @param ... not used.
#' @return `coef()` and `predict()`: as of the fit. `nobs()`: rows used, of positive weight. `formula()`: as given. `glance()`: one row.
#' @examplesIf sparsekin::core_available()
#' path <- path_sparse_mtl(mpg ~ wt + hp, data = mtcars, task = "am", s = 1:2)
#' coef(path, at = 2)
#' predict(path, head(mtcars), at = 2)
#' @name choices
NULL

#' @rdname choices
#' @export
coef.cv_sparse_mtl <- function(object, which = c("best", "1se"), ...) coef(refit(object, first(which)))

#' @rdname choices
#' @export
coef.cv_mt_hal <- function(object, which = c("best", "1se", "undersmooth"), ...) coef(refit(object, first(which)))

#' @rdname choices
#' @export
coef.cv_mixed_forms <- function(object, which = c("best", "1se"), ...) coef(refit(object, first(which)))

#' @rdname choices
#' @export
coef.path_mt_hal <- function(object, at = NULL, ...) coef(refit(object, at))

#' @rdname choices
#' @export
predict.cv_sparse_mtl <- function(object, newdata = NULL, which = c("best", "1se"), how = c("task", "mean", "pooled", "stack"),
                                  task = NULL, labelled = NULL, type = c("response", "link", "risk", "survival"), times = NULL, ...) {
  predict_lines(refit(object, first(which)), newdata, how, task, labelled, if (missing(type)) NULL else type, times)
}

#' @rdname choices
#' @export
predict.cv_mt_hal <- function(object, newdata = NULL, which = c("best", "1se", "undersmooth"),
                              type = c("response", "link", "risk", "survival"), task = NULL, how = c("task", "mean"),
                              times = NULL, ...) {
  predict_curves(refit(object, first(which)), newdata, if (missing(type)) NULL else type, task, how, times)
}

#' @rdname choices
#' @export
predict.cv_mixed_forms <- function(object, newdata = NULL, which = c("best", "1se"), type = c("response", "codes"), ...) {
  predict(refit(object, first(which)), newdata, type = first(type))
}

#' @rdname choices
#' @export
predict.path_mt_hal <- function(object, newdata = NULL, at = NULL, type = c("response", "link", "risk", "survival"), task = NULL,
                                how = c("task", "mean"), times = NULL, ...) {
  predict_curves(refit(object, at), newdata, if (missing(type)) NULL else type, task, how, times)
}

#' @rdname choices
#' @export
nobs.cv_sparse_mtl <- function(object, ...) rows_used(object$design)

#' @rdname choices
#' @export
nobs.path_sparse_mtl <- function(object, ...) rows_used(object$design)

#' @rdname choices
#' @export
nobs.cv_mt_hal <- function(object, ...) rows_used(object$design)

#' @rdname choices
#' @export
nobs.path_mt_hal <- function(object, ...) rows_used(object$design)

#' @rdname choices
#' @export
nobs.cv_mixed_forms <- function(object, ...) length(object$design$rows)

#' @rdname choices
#' @export
formula.cv_sparse_mtl <- function(x, ...) x$formula

#' @rdname choices
#' @export
formula.path_sparse_mtl <- function(x, ...) x$formula

#' @rdname choices
#' @export
formula.cv_mt_hal <- function(x, ...) x$formula

#' @rdname choices
#' @export
formula.path_mt_hal <- function(x, ...) x$formula

#' @rdname choices
#' @export
formula.cv_mixed_forms <- function(x, ...) x$formula

#' @rdname choices
#' @method glance path_sparse_mtl
#' @export
glance.path_sparse_mtl <- function(x, ...) {
  least <- which.min(x$table$ebic)
  data.frame(settings = nrow(x$table), finished = sum(x$finished), ebic = x$table$ebic[least], at = least, nobs = nobs(x))
}

#' @rdname choices
#' @method glance path_mt_hal
#' @export
glance.path_mt_hal <- function(x, ...) {
  data.frame(settings = nrow(x$table), lambda.max = max(x$table$lambda), lambda.min = min(x$table$lambda), nobs = nobs(x))
}

#' @rdname choices
#' @method glance compare_models
#' @export
glance.compare_models <- function(x, ...) data.frame(x$glance, nobs = nobs(x))
