#' Predict from a sparse multi-task fit
#'
#' @param object a fit of [sparse_mtl()], or a path of [path_sparse_mtl()].
#' @param newdata a data frame with the columns of the fit; without it, the rows of the fit are predicted.
#' @param how `"task"`: each row by the model of its own task. For rows of a study the fit has not seen: `"mean"`, slopes that
#'   are the mean of the tasks', and in the middle of all rows what the task models predict there, weighted by their rows (for
#'   equal slopes, the intercepts weighted by rows); `"pooled"`, the mean of the task models weighted by their rows, slopes too;
#'   `"stack"`, the task models with stacking weights, which a fit has that comes from `refit()` of a cross-validation.
#' @param task the tasks of the rows: one label, or one per row. By default the task column of `newdata`.
#' @param at row of `object$table`: which setting of the path.
#' @param ... not used.
#' @return A named vector, or for several outcomes a matrix with a column for each. `NA` for rows with a missing value.
#' @export
predict.sparse_mtl <- function(object, newdata = NULL, how = c("task", "mean", "pooled", "stack"), task = NULL, ...) {
  how <- check_choice(first(how), "how", c("task", "mean", "pooled", "stack"))
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

# (terms, 1) one model for a study that was not seen.
one_model <- function(object, how) {
  if (object$design$multi_label) {
    stop_sparsekin(
      "how = \"", how, "\" combines models of one outcome; here the tasks are outcomes: ", list_names(object$tasks),
      ".", class = "sparsekin_OptionError"
    )
  }
  coefficients <- estimated(object$coefficients)
  middle <- middle_of(object$design, length(object$tasks))
  if (how == "pooled") return(coefficients %*% middle$shares)
  if (how == "mean") return(in_the_middle(coefficients, middle, object$design$intercept))
  if (is.null(object$stacking)) {
    stop_sparsekin(
      "how = \"stack\" needs stacking weights, which ", if (inherits(object, "sparse_mtl_average")) {
        "an average of several settings does not have: use how = \"mean\"."
      } else {
        "come from cross-validation: use refit(cv_sparse_mtl(...))."
      }, class = "sparsekin_OptionError"
    )
  }
  one <- coefficients %*% object$stacking$weights
  if (object$design$intercept) one["(Intercept)", ] <- one["(Intercept)", ] + object$stacking$intercept
  one
}

# Of each task the share in the sum of the weights, and the means of the columns over the rows of all.
middle_of <- function(design, n_tasks) {
  w <- if (is.null(design$weights)) rep(1, nrow(design$x)) else design$weights
  codes <- own_tasks(design)
  sums <- vapply(seq_len(n_tasks), function(k) sum(w[codes == k]), 0)
  list(shares = sums / sum(w), means = colSums(w * old_columns(design)$x) / sum(w))
}

# The mean of the slopes, and in the middle of the rows the mean of the models by rows; without intercepts the mean.
in_the_middle <- function(coefficients, middle, intercept) {
  one <- as.matrix(rowMeans(coefficients))
  if (intercept) one[1L, ] <- one[1L, ] + sum(middle$means * (coefficients %*% middle$shares - one))
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
