#' Predict from a multi-task highly adaptive lasso
#'
#' Predictions of gaussian tasks are held between the outcomes of the fit, widened by two standard deviations on each side.
#'
#' @param object a fit of [mt_hal()], or of `refit()`.
#' @param newdata a data frame with the columns of the fit; without it, the rows of the fit are predicted.
#' @param type `"response"`: means, the probability of 1 (of the second level), expected counts; `"link"`: log odds, log means, log
#'   hazards. Of survival times `"risk"`, the default, the hazard beside that where all functions and terms are 0, and
#'   `"survival"`, the probability to be free of the event at `times`, a column for each. An `offset()` of the formula counts
#'   for new rows too.
#' @param times for `type = "survival"`.
#' @param task the tasks of the rows: one label, or one per row. By default the task column of `newdata`.
#' @param how `"task"`: each row by the model of its own task; `"mean"`: by the mean of the task models weighted by their
#'   rows, for rows of a task the fit has not seen (in binomial tasks the mean of their log odds).
#' @param interval `"prediction"`: ends between which the outcome of a new row of a task is expected, by CV+ (Barber et al. 2021): from
#'   the residuals of rows held out in 10 folds within the tasks, at the `lambda` of the fit, whatever the distribution of the errors.
#'   For gaussian outcomes. Computed in Python; infinite where a task has fewer than 1 / (1 - level) - 1 rows.
#' @param level of the interval, between 0 and 1: the share of new rows to cover, on average over data sets.
#' @param retune `TRUE`: `lambda` is chosen anew without each of the folds, by 5-fold cross-validation, so that intervals allow for the
#'   tuning too. About ten times as slow as a cross-validation.
#' @param ... not used.
#' @return A named vector, or for several outcomes a matrix with a column for each; with `interval` a matrix with columns `fit`, `lwr`
#'   and `upr` (of several outcomes with a layer for each). `NA` for rows with a missing value.
#' @examplesIf sparsekin::core_available()
#' fit <- mt_hal(mpg ~ h(wt, hp), data = mtcars, task = "am", lambda = 0.3)
#' predict(fit, head(mtcars))
#' @export
predict.mt_hal <- function(object, newdata = NULL, type = c("response", "link", "risk", "survival"), task = NULL,
                           how = c("task", "mean"), times = NULL, interval = c("none", "prediction"), level = 0.95,
                           retune = FALSE, ...) {
  interval <- check_choice(first(interval), "interval", c("none", "prediction"))
  found <- predict_curves(object, newdata, if (missing(type)) NULL else type, task, how, times)
  if (interval == "none") return(without_retune(found, retune))
  hal_cv_plus(object, found, newdata, task, first(how), level, retune)
}

# Predictions of new rows of the tasks with CV+ intervals.
hal_cv_plus <- function(object, found, newdata, task, how, level, retune) {
  check_new_rows(newdata)
  if (how != "task") {
    stop_sparsekin(
      "interval = \"prediction\" of an mt_hal() is of new rows of the tasks that were fitted, how = \"task\".",
      class = "sparsekin_OptionError"
    )
  }
  new <- new_hal_columns(object, newdata)
  rows <- rows_told(object, new, newdata, task)
  told <- if (length(rows$used)) {
    call_core("hal_prediction_intervals", c(hal_again(object), list(
      relaxed = object$status == "relaxed",
      new = sent_rows(object, newdata[rows$used, , drop = FALSE], new$plain[rows$at, , drop = FALSE], rows$codes),
      level = level, retune = retune
    )))
  }
  with_ends(found, told, rows$used)
}

# What the core fits again: the same model at the lambda of the fit.
hal_again <- function(object) {
  list(model = hal_model(object$design, object$settings), options = list(lambda_ = object$lambda, linear = object$linear))
}

# New rows with the columns that were sent of the rows of the fit, but outcomes.
sent_rows <- function(object, data, plain, codes) {
  design <- object$design
  smooth <- lapply(stats::setNames(nm = names(design$smooth)), function(name) {
    known <- design$levels[[name]]
    if (is.null(known)) as.double(data[[name]]) else factor(as.character(data[[name]]), known)
  })
  kept <- as.data.frame(plain[, colnames(design$keep), drop = FALSE])
  parts <- c(smooth, as.list(kept))
  names(parts) <- c(names(smooth), colnames(design$keep))
  if (!is.null(design$task)) parts[[design$task_name]] <- factor(object$tasks[codes], object$tasks)
  structure(parts, class = "data.frame", row.names = .set_row_names(nrow(data)))
}

# The same; `type` NULL is the scale of the outcome.
predict_curves <- function(object, newdata, type, task, how, times) {
  type <- read_type(type, times, object$families)
  how <- check_choice(first(how), "how", c("task", "mean"))
  if (how == "mean") check_one_kind(object)
  if (type == "survival") return(survival_curves(object, newdata, task, how, times))
  if (type == "risk") type <- "response"
  if (is.null(newdata) && type == "response" && how == "task") return(fitted.mt_hal(object))
  new <- if (is.null(newdata)) old_hal_columns(object$design) else new_hal_columns(object, newdata)
  values <- matrix(NA_real_, length(new$rows), length(object$tasks), dimnames = list(new$rows, object$tasks))
  known <- if (is.null(new$offset)) 0 else new$offset
  values[new$complete, ] <- within_bounds(hal_values(object, new$x, new$plain), object$bounds) + known
  if (how == "mean") values[] <- values %*% task_shares(object$design, length(object$tasks))
  if (type == "response") values <- as_response(values, object$families)
  padded <- function(values) if (is.null(newdata)) stats::naresid(object$na.action, values) else values
  if (object$design$multi_label) return(padded(values))
  if (how == "mean") return(padded(values[, 1L]))
  codes <- if (is.null(newdata)) own_tasks(object$design) else new_tasks(object, newdata, task)
  padded(stats::setNames(values[cbind(seq_along(codes), codes)], new$rows))
}

check_one_kind <- function(object) {
  if (object$design$multi_label || length(unique(object$families)) > 1L) {
    stop_sparsekin(
      "how = \"mean\" averages models of one kind; here the tasks are outcomes or families differ.",
      class = "sparsekin_OptionError"
    )
  }
}

# The same as new_hal_columns() of the rows of the fit.
old_hal_columns <- function(design) {
  list(
    x = design$x, plain = cbind(if (design$intercept) rep(1, nrow(design$x)), design$keep),
    complete = rep(TRUE, nrow(design$x)), rows = design$ledger$kept, offset = design$offset
  )
}

# Columns of new rows: `x` (m, d) in h(), `plain` (m, 1 + q) outside it, of the m rows that are complete.
new_hal_columns <- function(object, newdata) {
  design <- object$design
  made <- new_columns(list(design = replace(design, "x", list(NULL))), newdata)
  used <- check_data(newdata, empty = TRUE)[made$complete, names(design$smooth), drop = FALSE]
  list(x = new_smooth(used, design), plain = made$x, complete = made$complete, rows = made$rows, offset = made$offset)
}

new_smooth <- function(data, design) {
  check_levels(data, design$levels)
  for (name in setdiff(names(data), names(design$levels))) {
    if (!is.numeric(data[[name]]) && !is.logical(data[[name]])) {
      stop_sparsekin(
        "Column '", name, "' is not numeric, as it was when fitting, but of class '", class(data[[name]])[1L], "'.",
        class = "sparsekin_DataError"
      )
    }
  }
  smooth_columns(data, design$levels, colnames(design$x))
}

# (m, K) before bounds: terms outside h(), and the functions.
hal_values <- function(object, x, plain) {
  fixed <- estimated(object$coefficients)[seq_len(ncol(plain)), , drop = FALSE]
  plain %*% fixed + sum_functions(object, x, seq_along(object$terms))
}

# (m, K) the functions `which`, with their coefficients, at rows x (m, d).
sum_functions <- function(object, x, which) {
  coefficients <- utils::tail(object$coefficients, length(object$terms))
  parts <- split(object$functions, factor(object$functions$term, seq_along(object$terms)))
  out <- matrix(0, nrow(x), ncol(coefficients), dimnames = list(NULL, colnames(coefficients)))
  for (j in which) out <- out + outer(basis_values(parts[[j]], x), coefficients[j, ])
  out
}

# (m) a product over variables of 1(x >= knot) (x - knot)^order.
basis_values <- function(part, x) {
  value <- 1
  for (i in seq_len(nrow(part))) {
    above <- x[, part$variable[i]] - part$knot[i]
    value <- value * (above >= 0) * above^part$order[i]
  }
  value
}

within_bounds <- function(values, bounds) {
  low <- rep(bounds[1L, ], each = nrow(values))
  high <- rep(bounds[2L, ], each = nrow(values))
  pmin(pmax(values, low), high)
}

# Variables (positions) of each function.
function_variables <- function(object) {
  split(object$functions$variable, factor(object$functions$term, seq_along(object$terms)))
}

# (m, K) the part of the fit that moves with just these variables, at values x (m, length(variables)).
section_values <- function(object, variables, x) {
  columns <- vapply(variables, hal_column, 1L, object = object)
  own <- vapply(function_variables(object), setequal, NA, columns)
  rows <- matrix(0, nrow(x), ncol(object$design$x))
  rows[, columns] <- x
  sum_functions(object, rows, which(own))
}

hal_column <- function(object, name) {
  known <- colnames(object$design$x)
  at <- match(name, known)
  if (is.na(at)) {
    stop_sparsekin(
      "'", name, "' is no variable of the basis; it has ", list_names(known), ".", suggest(name, known),
      class = "sparsekin_DataError"
    )
  }
  at
}
