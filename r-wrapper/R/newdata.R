# The columns of a fit made from new data, in the order of the coefficients, for the rows that are complete.
new_columns <- function(object, newdata) {
  newdata <- check_data(newdata, empty = TRUE)
  absent <- setdiff(object$design$variables, names(newdata))
  if (length(absent)) {
    stop_sparsekin(
      "The data lack columns the model was fitted with: ", list_names(absent), ".", class = "sparsekin_DataError"
    )
  }
  gone <- Reduce(`|`, lapply(newdata[object$design$variables], missing_rows), logical(nrow(newdata)))
  terms <- stats::delete.response(object$design$terms)
  frame <- stats::model.frame(terms, newdata[!gone, , drop = FALSE], na.action = stats::na.pass)
  check_levels(frame, object$design$xlevels)
  frame <- stats::model.frame(
    terms, newdata[!gone, , drop = FALSE], na.action = stats::na.pass, xlev = object$design$xlevels
  )
  in_formula(object$design$formula, stats::.checkMFClasses(attr(terms, "dataClasses"), frame))
  x <- stats::model.matrix(terms, frame, contrasts.arg = object$design$contrasts)
  list(
    x = x[, term_names(object$design), drop = FALSE], complete = !gone, rows = row.names(newdata),
    offset = stats::model.offset(frame)
  )
}

# The same of the rows of the fit.
old_columns <- function(design) {
  x <- cbind(if (design$intercept) 1, design$keep, design$x)
  list(x = x, complete = rep(TRUE, nrow(x)), rows = design$ledger$kept, offset = design$offset)
}

# Terms in the order of the coefficients.
term_names <- function(design) c(if (design$intercept) "(Intercept)", colnames(design$keep), colnames(design$x))

check_levels <- function(frame, known) {
  for (name in names(known)) {
    new <- setdiff(unique(as.character(frame[[name]])), c(known[[name]], NA))
    if (length(new)) {
      stop_sparsekin(
        "'", name, "' has ", if (length(new) > 1L) "levels " else "level ", list_names(new),
        ", not seen when fitting (it knows ", list_names(known[[name]]), ").", class = "sparsekin_DataError"
      )
    }
  }
}
