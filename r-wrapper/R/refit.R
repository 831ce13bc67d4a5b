#' Methods of a cross-validation
#'
#' @param x,object a cross-validation of [cv_sparse_mtl()].
#' @param which `"best"` mean, or `"1se"`: the sparsest setting within one standard error of it (where tasks are left out, of the difference to it).
#' @param ... not used.
#' @return `refit()`: the fit of all rows at the setting chosen, of class `sparse_mtl`; with several tasks of one outcome
#'   it has stacking weights for `predict(how = "stack")`. `tidy()`: a row per setting, with broom's columns for
#'   `cv.glmnet`. `glance()`: one row. `print()`: `x`, invisibly.
#' @examplesIf sparsekin::core_available()
#' cv <- cv_sparse_mtl(mpg ~ wt + hp + qsec, data = mtcars, task = "am", s = 1:2,
#'   lambda_1 = 0.1, folds = 3, rng = 1)
#' tidy(cv)
#' refit(cv, "1se")
#' @name refit.cv_sparse_mtl
NULL

#' @rdname refit.cv_sparse_mtl
#' @method refit cv_sparse_mtl
#' @export
refit.cv_sparse_mtl <- function(object, which = c("best", "1se"), ...) {
  which <- check_choice(first(which), "which", c("best", "1se"))
  at <- if (which == "best") object$best else object$best_1se
  found <- call_core("refit", list(
    data = core_data(object$design, object$scale), options = object$options, state = object$state, which = which
  ))
  setting <- as.list(object$table[at, c("s", "lambda_1", "lambda_2", "lambda_z")])
  options <- c(setting, object$options[c("support", "task_weights", "effort")])
  call <- call_of_choice(object$call, "sparse_mtl", c(setting, object$chosen))
  chosen_by(new_sparse_mtl(found, object$design, object$scale, options, call), match.call())
}

#' @rdname coef.path_sparse_mtl
#' @method refit path_sparse_mtl
#' @export
refit.path_sparse_mtl <- function(object, at = "ebic", ...) {
  at <- check_setting(object, at)
  setting <- as.list(object$table[at, c("s", "lambda_1", "lambda_2", "lambda_z")])
  support <- unname(slopes_at(object, at, 1))
  found <- call_core("path_fit", list(
    data = core_data(object$design, object$scale), options = object$options, setting = setting, support = support
  ))
  call <- call_of_choice(object$call, "sparse_mtl", c(setting, object$chosen))
  chosen_by(new_sparse_mtl(found, object$design, object$scale, c(setting, object$options), call), match.call())
}

# The fit with the call that chose it, as typed: not that of the method.
chosen_by <- function(fit, call) {
  call[[1L]] <- quote(refit)
  fit$chosen_by <- call
  fit
}

print_call <- function(x) {
  cat("Call:\n", paste(gsub("`(<[^`]*>)`", "\\1", deparse(shown_call(x$call))), collapse = "\n"), "\n", sep = "")
  if (!is.null(x$chosen_by)) cat("chosen by ", deparse1(x$chosen_by), "\n", sep = "")
  cat("\n")
}

# A call as it can be read: where do.call() made it, with the name of the function, and data by their size.
shown_call <- function(call) {
  parts <- as.list(call)
  if (is.function(parts[[1L]])) parts[[1L]] <- as.name(name_of_verb(parts[[1L]]))
  as.call(lapply(parts, function(part) {
    if (is.data.frame(part)) return(as.name(paste0("<data frame of ", nrow(part), " rows>")))
    if (is.atomic(part) && length(part) > 20L) return(as.name(paste0("<", length(part), " values>")))
    part
  }))
}

name_of_verb <- function(verb) {
  here <- topenv()
  named <- Filter(function(name) identical(get(name, here), verb), getNamespaceExports(here))
  if (length(named)) named[1L] else "(function)"
}
