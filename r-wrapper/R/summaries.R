#' Summaries of paths, cross-validations and comparisons
#'
#' @param object,x a path, a cross-validation or a comparison, or its summary.
#' @param ... not used.
#' @return `summary()`: an object of class `summary.<class of the object>`, printed with more of its tables than the object itself.
#' @examplesIf sparsekin::core_available()
#' path <- path_sparse_mtl(mpg ~ wt + hp, data = mtcars, task = "am", s = 1:2)
#' summary(path)
#' @name summaries
NULL

as_summary <- function(object) structure(object, class = paste0("summary.", class(object)))

# The object that a summary is of.
of_summary <- function(x) structure(x, class = sub("^summary\\.", "", class(x)))

print_with <- function(x, more) {
  object <- of_summary(x)
  print(object)
  more(object)
  invisible(x)
}

#' @rdname summaries
#' @export
summary.path_sparse_mtl <- function(object, ...) as_summary(object)

#' @rdname summaries
#' @export
print.summary.path_sparse_mtl <- function(x, ...) print_with(x, function(path) {
  least <- which.min(path$table$ebic)
  cat("\nLeast extended BIC: setting ", least, ", see refit().\n", sep = "")
})

#' @rdname summaries
#' @export
summary.path_mt_hal <- function(object, ...) as_summary(object)

#' @rdname summaries
#' @export
print.summary.path_mt_hal <- function(x, ...) print_with(x, function(path) {
  last <- sort(path$variation[nrow(path$variation), ], decreasing = TRUE)
  cat("\nVariation at the least lambda, mean over tasks:\n")
  print(utils::head(last[last > 0], hal_rows), digits = 4L)
})

#' @rdname summaries
#' @export
summary.cv_sparse_mtl <- function(object, ...) as_summary(object)

#' @rdname summaries
#' @export
print.summary.cv_sparse_mtl <- function(x, ...) print_with(x, function(cv) print_per_task(cv, metric_names[[cv$metric]]))

#' @rdname summaries
#' @export
summary.cv_mt_hal <- function(object, ...) as_summary(object)

#' @rdname summaries
#' @export
print.summary.cv_mt_hal <- function(x, ...) print_with(x, function(cv) print_per_task(cv, hal_error(cv)))

print_per_task <- function(cv, what) {
  values <- rbind(best = cv$per_task[cv$best, ], `1se` = cv$per_task[cv$best_1se, ])
  colnames(values) <- cv$tasks
  cat("\n", what, " per task:\n", sep = "")
  print_cells(task_columns(values))
}

#' @rdname summaries
#' @export
summary.cv_mixed_forms <- function(object, ...) as_summary(object)

#' @rdname summaries
#' @export
print.summary.cv_mixed_forms <- function(x, ...) print_with(x, function(cv) invisible())

#' @rdname summaries
#' @export
summary.compare_models <- function(object, ...) as_summary(object)

#' @rdname summaries
#' @export
print.summary.compare_models <- function(x, ...) print_with(x, function(comparison) {
  cat("\nPer fold:\n")
  print(comparison$per_fold, digits = 4L)
})
