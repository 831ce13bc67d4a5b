#' Predict from a sparse multi-task fit
#'
#' @param object a fit of [sparse_mtl()].
#' @param newdata a data frame with the columns of the fit; without it, the fitted values.
#' @param how `"task"`: each row by the model of its own task; `"mean"`: by the mean of the task models, for rows of a
#'   study the fit has not seen.
#' @param task the tasks of the rows: one label, or one per row. By default the task column of `newdata`.
#' @param ... not used.
#' @return A named vector, or for several outcomes a matrix with a column for each. `NA` for rows with a missing value.
#' @export
predict.sparse_mtl <- function(object, newdata, how = c("task", "mean"), task = NULL, ...) {
  how <- check_choice(first(how), "how", c("task", "mean"))
  if (how == "mean" && object$design$multi_label) {
    stop_sparsekin(
      "how = \"mean\" averages models of one outcome; here the tasks are outcomes: ", list_names(object$tasks), ".",
      class = "sparsekin_OptionError"
    )
  }
  if (missing(newdata) || is.null(newdata)) {
    if (how == "task") return(object$fitted.values)
    design <- object$design
    values <- drop(cbind(if (design$intercept) 1, design$keep, design$x) %*% rowMeans(object$coefficients))
    return(name_rows(values, design))
  }
  new <- new_columns(object, newdata)
  values <- matrix(NA_real_, nrow(newdata), length(object$tasks), dimnames = list(row.names(newdata), object$tasks))
  if (how == "mean") {
    values[new$complete, 1L] <- new$x %*% rowMeans(object$coefficients)
    return(values[, 1L])
  }
  values[new$complete, ] <- new$x %*% object$coefficients
  if (object$design$multi_label) return(values)
  of_own_task(values, new_tasks(object, newdata, task))
}

# (n) the value in the column of each row's task; NA without a task.
of_own_task <- function(values, codes) {
  stats::setNames(values[cbind(seq_along(codes), codes)], rownames(values))
}

# Which column of the coefficients predicts each row.
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
  if (!length(task) %in% c(1L, nrow(newdata))) {
    stop_sparsekin(
      "task has ", length(task), " labels for ", nrow(newdata), " rows; give one label, or one per row.",
      class = "sparsekin_DataError"
    )
  }
  codes <- match(as.character(task), object$tasks)
  unknown <- unique(as.character(task)[is.na(codes) & !is.na(task)])
  if (length(unknown)) {
    stop_sparsekin(
      "The model was not fitted to task ", list_names(unknown), " (it knows ", list_names(object$tasks),
      "); use how = \"mean\" to predict a new study with the mean of the task models.", class = "sparsekin_DataError"
    )
  }
  rep_len(codes, nrow(newdata))
}
