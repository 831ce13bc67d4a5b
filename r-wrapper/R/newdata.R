# The columns of a fit made from new data, in the order of the coefficients, for the rows that are complete.
new_columns <- function(object, newdata) {
  newdata <- check_data(newdata)
  absent <- setdiff(object$design$variables, names(newdata))
  if (length(absent)) {
    stop_sparsekin(
      "The data lack columns the model was fitted with: ", list_names(absent), ".", class = "sparsekin_DataError"
    )
  }
  gone <- Reduce(`|`, lapply(newdata[object$design$variables], missing_rows), logical(nrow(newdata)))
  terms <- stats::delete.response(object$terms)
  frame <- stats::model.frame(terms, newdata[!gone, , drop = FALSE], na.action = stats::na.pass)
  check_levels(frame, object$xlevels)
  in_formula(object$formula, stats::.checkMFClasses(attr(terms, "dataClasses"), frame))
  frame <- stats::model.frame(
    terms, newdata[!gone, , drop = FALSE], na.action = stats::na.pass, xlev = object$xlevels
  )
  x <- stats::model.matrix(terms, frame, contrasts.arg = object$contrasts)
  list(x = x[, rownames(object$coefficients), drop = FALSE], complete = !gone)
}

check_levels <- function(frame, known) {
  for (name in names(known)) {
    new <- setdiff(unique(as.character(frame[[name]])), known[[name]])
    if (length(new)) {
      stop_sparsekin(
        "'", name, "' has ", if (length(new) > 1L) "levels " else "level ", list_names(new),
        ", not seen when fitting (it knows ", list_names(known[[name]]), ").", class = "sparsekin_DataError"
      )
    }
  }
}
