#' @rdname vcov.sparse_mtl
#' @export
confint.sparse_mtl <- function(object, parm, level = 0.95, method = c("halves", "split", "bootstrap", "double-selection"),
                               terms = c("candidates", "keep"), rng = 0, ...) {
  terms <- check_choice(first(terms), "terms", c("candidates", "keep"))
  method <- if (terms == "keep" && missing(method)) "double-selection" else first(method)
  method <- check_choice(method, "method", c("halves", "split", "bootstrap", "double-selection"))
  if (!method %in% c("halves", "split") || terms == "keep") return(other_intervals(object, if (!missing(parm)) parm, level, method, terms, rng))
  if (is.null(object$stability)) stop_after_selection("Confidence intervals", object)
  found <- if (method == "split") object$stability$split else object$stability
  terms <- rownames(found$slope)
  if (!missing(parm)) {
    unknown <- setdiff(parm, rownames(object$support))
    if (length(unknown)) stop_sparsekin("There is no candidate ", list_names(unknown), ".", class = "sparsekin_OptionError")
    terms <- parm
  }
  ends <- held_out_ends(found, level)
  interval_rows(ends[, , 1L, drop = FALSE], ends[, , 2L, drop = FALSE], rownames(found$slope), object$tasks, terms, level)
}

# A row per term of `shown` and task, of low and high ends (terms, tasks).
interval_rows <- function(low, high, terms, tasks, shown, level) {
  rows <- expand.grid(task = tasks, term = shown, stringsAsFactors = FALSE)
  at <- cbind(match(rows$term, terms), match(rows$task, tasks))
  of <- function(ends) matrix(ends, length(terms), length(tasks))[at]
  matrix(c(of(low), of(high)), ncol = 2L, dimnames = list(paste(rows$term, rows$task, sep = ":"), level_names(level)))
}

level_names <- function(level) paste(format(100 * c((1 - level) / 2, (1 + level) / 2), trim = TRUE, digits = 3L), "%")

# Intervals that the core computes from the data of the fit: by the bootstrap, of kept terms by double selection.
other_intervals <- function(object, shown, level, method, terms, rng) {
  known <- if (terms == "keep") colnames(object$design$keep) else rownames(object$support)
  if (!length(known)) {
    stop_sparsekin(
      "No term is always in the model; name the exposure and its confounders in keep.", class = "sparsekin_Unavailable"
    )
  }
  unknown <- setdiff(shown, known)
  if (length(unknown)) {
    stop_sparsekin(
      "There is no ", if (terms == "keep") "kept term " else "candidate ", list_names(unknown), ".", class = "sparsekin_OptionError"
    )
  }
  found <- call_core("conf_int", list(
    data = core_data(object$design, object$scale), options = options_of(object), level = level, method = method,
    terms = terms, rng = rng
  ))
  interval_rows(found$low, found$high, known, object$tasks, given_or(shown, known), level)
}
