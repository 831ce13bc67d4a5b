#' Predict from a sparse multi-task fit
#'
#' @param object a fit of [sparse_mtl()], or a path of [path_sparse_mtl()].
#' @param newdata a data frame with the columns of the fit; without it, the rows of the fit are predicted.
#' @param how `"task"`: each row by the model of its own task; `"mean"`: by the mean of the task models, for rows of a
#'   study the fit has not seen; `"stack"`: by the task models with stacking weights, which a fit has that comes from
#'   `refit()` of a cross-validation.
#' @param task the tasks of the rows: one label, or one per row. By default the task column of `newdata`.
#' @param at row of `object$table`: which setting of the path.
#' @param ... not used.
#' @return A named vector, or for several outcomes a matrix with a column for each. `NA` for rows with a missing value.
#' @export
predict.sparse_mtl <- function(object, newdata = NULL, how = c("task", "mean", "stack"), task = NULL, ...) {
  how <- check_choice(first(how), "how", c("task", "mean", "stack"))
  one <- if (how == "task") NULL else one_model(object, how)
  predict_rows(object, object$coefficients, newdata, task, one)
}

#' @rdname predict.sparse_mtl
#' @export
predict.path_sparse_mtl <- function(object, newdata = NULL, at, task = NULL, ...) {
  predict_rows(object, coef(object, at), newdata, task)
}

# Predictions of rows by the (terms, tasks) coefficients, or by the coefficients `one` of a single model.
predict_rows <- function(object, coefficients, newdata, task, one = NULL) {
  design <- object$design
  new <- if (is.null(newdata)) old_columns(design) else new_columns(object, newdata)
  if (!is.null(one)) coefficients <- one
  values <- matrix(NA_real_, length(new$rows), ncol(coefficients), dimnames = list(new$rows, colnames(coefficients)))
  values[new$complete, ] <- new$x %*% estimated(coefficients) + if (is.null(new$offset)) 0 else new$offset
  padded <- function(values) if (is.null(newdata)) stats::naresid(object$na.action, values) else values
  if (!is.null(one)) return(padded(values[, 1L]))
  if (design$multi_label) return(padded(values))
  codes <- if (is.null(newdata)) own_tasks(design) else new_tasks(object, newdata, task)
  padded(stats::setNames(values[cbind(seq_along(codes), codes)], new$rows))
}

own_tasks <- function(design) if (is.null(design$task)) rep(1L, nrow(design$x)) else as.integer(design$task)

# Coefficients with 0 for those that cannot be estimated.
estimated <- function(coefficients) replace(coefficients, is.na(coefficients), 0)

# (terms, 1) the mean of the task models, or their stacking.
one_model <- function(object, how) {
  if (object$design$multi_label) {
    stop_sparsekin(
      "how = \"", how, "\" combines models of one outcome; here the tasks are outcomes: ", list_names(object$tasks),
      ".", class = "sparsekin_OptionError"
    )
  }
  if (how == "mean") return(as.matrix(rowMeans(estimated(object$coefficients))))
  if (is.null(object$stacking)) {
    stop_sparsekin(
      "how = \"stack\" needs stacking weights, which ", if (inherits(object, "sparse_mtl_average")) {
        "an average of several settings does not have: use how = \"mean\"."
      } else {
        "come from cross-validation: use refit(cv_sparse_mtl(...))."
      }, class = "sparsekin_OptionError"
    )
  }
  one <- estimated(object$coefficients) %*% object$stacking$weights
  if (object$design$intercept) one["(Intercept)", ] <- one["(Intercept)", ] + object$stacking$intercept
  one
}

# Which column of the coefficients predicts each row; NA for a row without a task.
new_tasks <- function(object, newdata, task) {
  name <- object$design$task_name
  if (is.null(task) && is.null(name)) return(rep(1L, nrow(newdata)))
  if (is.null(task)) task <- newdata[[name]]
  if (is.null(task)) {
    stop_sparsekin(
      "The new rows have no task: add the column '", name, "', pass task = ... or use how = \"mean\".",
      class = "sparsekin_DataError"
    )
  }
  if (!is.atomic(task)) {
    stop_sparsekin(
      "task must be labels, one or one per row, not of class '", class(task)[1L], "'.", class = "sparsekin_OptionError"
    )
  }
  if (!length(task) %in% c(1L, nrow(newdata))) {
    stop_sparsekin(
      "task has ", length(task), " labels for ", nrow(newdata), " rows; give one label, or one per row.",
      class = "sparsekin_DataError"
    )
  }
  check_names(task, "task", row.names(newdata))
  codes <- match(as.character(task), object$tasks)
  unknown <- unique(as.character(task)[is.na(codes) & !is.na(task)])
  if (length(unknown)) {
    stop_sparsekin(
      "The model was not fitted to task ", list_names(unknown), " (it knows ", list_names(object$tasks), ")",
      "; use how = \"mean\" to predict a new study with the mean of the task models.",
      class = "sparsekin_DataError"
    )
  }
  rep_len(codes, nrow(newdata))
}
