#' Generics of 'stats' for fits
#'
#' Those that have a meaning for a fit whose features were selected. Every other generic of 'stats' stops with an error of class
#' `sparsekin_Unavailable` that says why, rather than let a default answer.
#'
#' @param object a fit of [sparse_mtl()], [mt_hal()] or [mixed_forms()].
#' @param ... not used.
#' @return `weights()`: the weights of the rows used, `NULL` where there are none, as of [lm()]. `family()`: the family of all
#'   tasks. `model.matrix()`: the columns whose products with `coef()` are the predictions (for [mt_hal()] before its bounds, on
#'   the scale of the link). `variable.names()`: their names. `case.names()`: the rows used. [stats::update()] works too; of a
#'   fit made by [refit()] or [certify()] it starts from its setting.
#' @examplesIf sparsekin::core_available()
#' fit <- sparse_mtl(mpg ~ wt + hp + qsec, data = mtcars, task = "am", s = 2)
#' variable.names(fit)
#' family(fit)
#' head(model.matrix(fit))
#' @name stats_methods
NULL

#' @rdname stats_methods
#' @export
weights.sparse_mtl <- function(object, ...) {
  if (is.null(object$design$weights)) NULL else stats::setNames(object$design$weights, object$ledger$kept)
}

#' @rdname stats_methods
#' @export
weights.mt_hal <- function(object, ...) weights.sparse_mtl(object)

#' @rdname stats_methods
#' @export
family.sparse_mtl <- function(object, ...) family_of(object)

#' @rdname stats_methods
#' @export
family.mt_hal <- function(object, ...) family_of(object)

#' @rdname stats_methods
#' @export
model.matrix.sparse_mtl <- function(object, ...) {
  columns <- old_columns(object$design)
  `dimnames<-`(columns$x, list(columns$rows, rownames(object$coefficients)))
}

#' @rdname stats_methods
#' @export
model.matrix.mt_hal <- function(object, ...) {
  columns <- old_hal_columns(object$design)
  parts <- split(object$functions, factor(object$functions$term, seq_along(object$terms)))
  basis <- vapply(parts, basis_values, numeric(nrow(columns$x)), x = columns$x)
  x <- cbind(columns$plain, matrix(basis, nrow(columns$x)))
  `dimnames<-`(x, list(columns$rows, rownames(object$coefficients)))
}

#' @rdname stats_methods
#' @export
variable.names.sparse_mtl <- function(object, ...) rownames(object$coefficients)

#' @rdname stats_methods
#' @export
variable.names.mt_hal <- function(object, ...) rownames(object$coefficients)

#' @rdname stats_methods
#' @export
variable.names.mixed_forms <- function(object, ...) unlist(lapply(object$loadings, rownames), use.names = FALSE)

#' @rdname stats_methods
#' @export
case.names.sparse_mtl <- function(object, ...) object$ledger$kept

#' @rdname stats_methods
#' @export
case.names.mt_hal <- function(object, ...) object$ledger$kept

#' @rdname stats_methods
#' @export
case.names.mixed_forms <- function(object, ...) object$design$rows

# The call of a fit at `setting` from the call of what it was chosen from: the arguments both functions have.
call_of_choice <- function(call, verb, setting) {
  kept <- intersect(names(call), setdiff(names(formals(match.fun(verb))), names(setting)))
  as.call(c(as.name(verb), as.list(call)[kept], setting))
}
