#' Coefficients of a sparse multi-task fit
#'
#' @param object a fit of [sparse_mtl()].
#' @param ... not used.
#' @return A matrix with a row per term (intercept, always-in terms, candidates) and a column per task; 0 where a task
#'   does not select a feature.
#' @examplesIf sparsekin::core_available()
#' fit <- sparse_mtl(mpg ~ wt + hp + qsec, data = mtcars, task = "am", s = 2)
#' coef(fit)
#' @export
coef.sparse_mtl <- function(object, ...) object$coefficients

#' Methods of a path
#'
#' @param x,object a path of [path_sparse_mtl()].
#' @param at row of the table: which setting; or `"ebic"`, the setting with the least extended BIC.
#' @param ... not used.
#' @return `coef()`: a matrix as of a fit. `refit()`: a fit of class `sparse_mtl`. `tidy()`: a data frame with a row per
#'   setting, task and selected feature. `print()`: `x`, invisibly.
#' @examplesIf sparsekin::core_available()
#' path <- path_sparse_mtl(mpg ~ wt + hp, data = mtcars, task = "am", s = 1:2)
#' tidy(path)
#' refit(path, 2)
#' @name coef.path_sparse_mtl
NULL

#' @rdname coef.path_sparse_mtl
#' @export
coef.path_sparse_mtl <- function(object, at = "ebic", ...) {
  at <- check_setting(object, at)
  K <- length(object$tasks)
  fixed <- rbind(if (object$design$intercept) object$intercept[at, ], matrix(object$keep_coef[at, , ], ncol = K))
  out <- rbind(fixed, slopes_at(object, at))
  dimnames(out) <- list(term = term_names(object$design), task = object$tasks)
  out
}

# (p, K) a column of `selected` at one setting, or one value; 0 where a task does not select a feature.
slopes_at <- function(path, at, column = "estimate") {
  names <- list(term = colnames(path$design$x), task = path$tasks)
  out <- matrix(0, length(names$term), length(names$task), dimnames = names)
  here <- path$selected[path$selected$setting == at, ]
  cells <- cbind(match(here$term, names$term), match(here$task, names$task))
  out[cells] <- if (is.character(column)) here[[column]] else column
  out
}
