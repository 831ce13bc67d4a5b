#' Predict from a sparse multi-task fit
#'
#' @param object a fit of [sparse_mtl()], or a path of [path_sparse_mtl()].
#' @param newdata a data frame with the columns of the fit; without it, the rows of the fit are predicted.
#' @param how `"task"`: each row by the model of its own task. For rows of a study the fit has not seen: `"mean"`, slopes that
#'   are the mean of the tasks', and in the middle of all rows what the task models predict there, weighted by their rows (for
#'   equal slopes, the intercepts weighted by rows); `"pooled"`, the mean of the task models weighted by their rows, slopes too;
#'   `"stack"`, the task models with stacking weights, which a fit has that comes from `refit()` of a cross-validation.
#' @param task the tasks of the rows: one label, or one per row. By default the task column of `newdata`.
#' @param labelled a data frame of rows of the new study with their outcome, for any `how` but `"task"`: predictions move by the
#'   mean residual of the m complete ones times `t^2 / (t^2 + s^2 / m)`, where `t` is the standard deviation of levels between
#'   tasks and `s` that of rows within them, `object$new_site`. Each of these rows counts once.
#' @param interval `"prediction"`: intervals in which the outcome of a new row of a task is expected, by CV+ (Barber et al. 2021): from
#'   the residuals of rows held out in 10 folds within the tasks, at the settings of the fit, whatever the distribution of the errors
#'   (this is computed in Python; infinite where a task has fewer than 1 / (1 - level) - 1 rows). With `how = "mean"` or `"pooled"`
#'   those of rows of a new study. How far sites
#'   differ enters, the uncertainty of slopes does not. Without labelled rows the level has variance `t^2 (1 + 1 / K)` for K
#'   tasks, which m of them multiply by `s^2 / (m t^2 (1 + 1 / K) + s^2)`; a row has `s^2` beside it. Quantiles are of
#'   Student's t, degrees of freedom by Satterthwaite.
#' @param level of the interval, between 0 and 1.
#' @param retune `TRUE`, with `interval` and `how = "task"`: without each of the 10 folds `s` and `lambda_z` are chosen anew, by 5-fold
#'   cross-validation, so that intervals allow for the tuning too, which matters below some 50 rows a task. About ten times as slow
#'   as a cross-validation.
#' @param type `"response"`: means, probabilities of 1 (of the second level), expected counts; `"link"`: log odds, log means, log
#'   hazards. Of survival times `"risk"`, the default, the hazard beside that where all columns are 0, and `"survival"`, the
#'   probability to be free of the event at `times`, a column for each, by the baseline hazard of the task. Means over tasks are
#'   of links. An `offset()` of the formula counts for new rows too, an `exposure` for those of the fit.
#' @param times for `type = "survival"`.
#' @param at row of `object$table`: which setting of the path; or `"ebic"`, that with the least extended BIC.
#' @param ... not used.
#' @return A named vector, or for several outcomes a matrix with a column for each; with `interval` a matrix with columns `fit`,
#'   `lwr` and `upr`, as of [stats::predict.lm()]; of survival a matrix with a column per time. `NA` for rows with a missing value.
#' @examplesIf sparsekin::core_available()
#' fit <- sparse_mtl(mpg ~ wt + hp + qsec, data = mtcars, task = "am", s = 2)
#' predict(fit, head(mtcars))
#' predict(fit, transform(head(mtcars), am = 9), how = "mean") # a task that was not there
#' @export
predict.sparse_mtl <- function(object, newdata = NULL, how = c("task", "mean", "pooled", "stack"), task = NULL, labelled = NULL,
                               interval = c("none", "prediction"), level = 0.95, type = c("response", "link", "risk", "survival"),
                               times = NULL, retune = FALSE, ...) {
  predict_lines(object, newdata, how, task, labelled, if (missing(type)) NULL else type, times, interval, level, retune)
}

# Predictions of a fit; `type` NULL is the scale of the outcome.
predict_lines <- function(object, newdata, how, task, labelled, type, times, interval = "none", level = 0.95, retune = FALSE) {
  type <- read_type(type, times, object$families)
  how <- check_choice(first(how), "how", c("task", "mean", "pooled", "stack"))
  interval <- check_choice(first(interval), "interval", c("none", "prediction"))
  check_for_family(object, how, labelled, interval)
  if (type == "survival") return(survival_curves(object, newdata, task, how, times))
  one <- if (how == "task") NULL else one_model(object, how)
  if (!is.null(labelled)) one <- to_labelled(object, one, labelled, newdata)
  found <- predict_rows(object, object$coefficients, newdata, task, one, if (type != "link") object$families)
  if (interval == "none") return(without_retune(found, retune))
  if (how == "task") return(cv_plus(object, found, newdata, task, level, retune))
  if (retune) {
    stop_sparsekin(
      "retune = TRUE is of rows of the tasks that were fitted, how = \"task\"; leave it out.", class = "sparsekin_OptionError"
    )
  }
  half <- half_interval(object, how, level, attr(one, "labelled"))
  cbind(fit = found, lwr = found - half, upr = found + half)
}

# Means of models are of one family; levels of sites and intervals are of squared errors.
check_for_family <- function(object, how, labelled, interval) {
  families <- unique(object$families)
  if (how != "task" && length(families) > 1L) {
    stop_sparsekin(
      "how = \"", how, "\" averages models of one family; here tasks are of several: ", list_names(families), ".",
      class = "sparsekin_OptionError"
    )
  }
  if (all_gaussian(families)) return(invisible())
  if (!is.null(labelled)) stop_sparsekin("labelled rows are for gaussian outcomes so far.", class = "sparsekin_OptionError")
  if (interval != "none") {
    stop_sparsekin(
      "interval = \"prediction\" is for gaussian outcomes; predict(type = \"", read_type(NULL, NULL, families),
      "\") has what is expected.", class = "sparsekin_OptionError"
    )
  }
}

# Half the width of prediction intervals of a new study of which m rows were labelled.
half_interval <- function(object, how, level, m) {
  if (!how %in% c("mean", "pooled")) {
    stop_sparsekin(
      "interval = \"prediction\" is of rows of the tasks that were fitted, and with how = \"mean\" or \"pooled\" of a new study.",
      class = "sparsekin_OptionError"
    )
  }
  sd <- known_spread(object, "How far a new study may be from the others", "interval")
  K <- length(object$tasks)
  within <- sd$sd_within^2
  of_level <- sd$sd_between^2 * (1 + 1 / K)
  if (!is.null(m) && of_level > 0) of_level <- of_level * within / (m * of_level + within)
  total <- of_level + within
  freedom <- if (of_level > 0) (K - 1) * (total / of_level)^2 else Inf
  stats::qt(0.5 + level / 2, freedom) * sqrt(total)
}

# Predictions of new rows of the tasks with CV+ intervals; of several outcomes an array with a layer for each.
cv_plus <- function(object, found, newdata, task, level, retune) {
  check_new_rows(newdata)
  if (inherits(object, "sparse_mtl_average")) {
    stop_sparsekin("interval = \"prediction\" is of one fit; ask that of $best_member.", class = "sparsekin_OptionError")
  }
  design <- object$design
  new <- new_columns(object, newdata)
  rows <- rows_told(object, new, newdata, task)
  told <- list()
  if (length(rows$used)) {
    part <- function(names) unname(new$x[rows$at, names, drop = FALSE])
    told <- call_core("prediction_intervals", list(
      data = core_data(design, object$scale), options = options_of(object), X = part(colnames(design$x)),
      keep = if (ncol(design$keep)) part(colnames(design$keep)), task = if (!is.null(design$task)) I(object$tasks[rows$codes]),
      level = level, retune = retune
    ))
    offset <- if (is.null(new$offset)) 0 else new$offset[rows$at]
    told[c("low", "high")] <- lapply(told[c("low", "high")], function(ends) ends + offset)
  }
  with_ends(found, told, rows$used)
}

# New rows with an interval: `used`, complete and of a task of the fit; `at`, their places among the complete ones; their `codes`.
rows_told <- function(object, new, newdata, task) {
  codes <- if (object$design$multi_label) rep(1L, nrow(newdata)) else new_tasks(object, newdata, task)
  used <- which(new$complete & !is.na(codes))
  list(used = used, at = match(used, which(new$complete)), codes = codes[used])
}

without_retune <- function(found, retune) {
  if (!isTRUE(retune)) return(found)
  stop_sparsekin(
    "retune = TRUE is of intervals; ask for interval = \"prediction\", or leave it out.", class = "sparsekin_OptionError"
  )
}

check_new_rows <- function(newdata) {
  if (!is.null(newdata)) return(invisible())
  stop_sparsekin(
    "Prediction intervals are of new rows; the rows of the fit have residuals. Give newdata.", class = "sparsekin_DataError"
  )
}

# Predictions with low and high ends of the rows `used`; of several outcomes an array with a layer for each.
with_ends <- function(found, told, used) {
  several <- is.matrix(found)
  ends <- array(NA_real_, c(NROW(found), NCOL(found), 2L))
  if (length(used)) ends[used, , ] <- c(told$low, told$high)
  if (!several) return(cbind(fit = found, lwr = ends[, 1L, 1L], upr = ends[, 1L, 2L]))
  out <- array(c(found, ends), c(dim(found), 3L), c(dimnames(found), list(c("fit", "lwr", "upr"))))
  aperm(out, c(1L, 3L, 2L))
}

# Standard deviations of levels between tasks and of rows within them, needed for `what`.
known_spread <- function(object, what, argument) {
  if (is.null(object$new_site)) {
    stop_sparsekin(
      what, " cannot be told: that needs several tasks with intercepts and residual degrees of freedom; leave ", argument,
      " out.", class = "sparsekin_OptionError"
    )
  }
  object$new_site
}

#' @rdname predict.sparse_mtl
#' @export
predict.path_sparse_mtl <- function(object, newdata = NULL, at = "ebic", task = NULL, how = c("task", "mean", "pooled"),
                                    labelled = NULL, type = c("response", "link", "risk", "survival"), times = NULL, ...) {
  how <- check_choice(first(how), "how", c("task", "mean", "pooled"))
  type <- read_type(if (missing(type)) NULL else type, times, object$families)
  if (how == "task" && is.null(labelled) && type != "survival") {
    return(predict_rows(object, coef(object, at), newdata, task, families = if (type != "link") object$families))
  }
  predict_lines(refit(object, at), newdata, how, task, labelled, type, times)
}

# Predictions of rows by the (terms, tasks) coefficients, or by the coefficients `one` of a single model; means where `families`
# are given, else linear predictors.
predict_rows <- function(object, coefficients, newdata, task, one = NULL, families = NULL) {
  design <- object$design
  new <- if (is.null(newdata)) old_columns(design) else new_columns(object, newdata)
  if (!is.null(one)) coefficients <- one
  values <- matrix(NA_real_, length(new$rows), ncol(coefficients), dimnames = list(new$rows, colnames(coefficients)))
  values[new$complete, ] <- new$x %*% estimated(coefficients) + if (is.null(new$offset)) 0 else new$offset
  if (!is.null(families)) values <- as_response(values, unname(families)[seq_len(ncol(values))])
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
  w <- row_weights(design)
  list(shares = task_shares(design, n_tasks), means = colSums(w * old_columns(design)$x) / sum(w))
}

row_weights <- function(design) if (is.null(design$weights)) rep(1, nrow(design$x)) else design$weights

# Of each task the share in the sum of the weights.
task_shares <- function(design, n_tasks) {
  w <- row_weights(design)
  codes <- own_tasks(design)
  vapply(seq_len(n_tasks), function(k) sum(w[codes == k]), 0) / sum(w)
}

# The mean of the slopes, and in the middle of the rows the mean of the models by rows; without intercepts the mean.
in_the_middle <- function(coefficients, middle, intercept) {
  one <- as.matrix(rowMeans(coefficients))
  if (intercept) one[1L, ] <- one[1L, ] + sum(middle$means * (coefficients %*% middle$shares - one))
  one
}

# The one model moved to labelled rows of a new study, shrunken.
to_labelled <- function(object, one, labelled, newdata) {
  if (is.null(one)) {
    stop_sparsekin(
      "labelled rows are of a study the fit has not seen; use how = \"mean\" with them.", class = "sparsekin_OptionError"
    )
  }
  sd <- known_spread(object, "What labelled rows are worth", "labelled")
  rows <- new_columns(object, labelled)
  y <- new_outcomes(object, labelled, ".resid")
  if (!ncol(y)) stop_sparsekin("The labelled rows lack their outcome, ", list_names(object$design$outcome_columns), ".", class = "sparsekin_DataError")
  check_one_study(object, labelled, newdata)
  left <- y[rows$complete, 1L] - drop(rows$x %*% one) - if (is.null(rows$offset)) 0 else rows$offset
  left <- left[!is.na(left)]
  m <- length(left)
  if (m == 0L) {
    stop_sparsekin(
      "None of the ", nrow(labelled), " labelled rows has the outcome and all columns of the fit; leave labelled out to ",
      "predict without.", class = "sparsekin_DataError"
    )
  }
  between <- m * sd$sd_between^2
  if (between > 0) one[1L, ] <- one[1L, ] + between / (between + sd$sd_within^2) * mean(left)
  structure(one, labelled = m)
}

check_one_study <- function(object, labelled, newdata) {
  name <- object$design$task_name
  labels <- function(data) if (!is.null(name)) stats::na.omit(unique(as.character(data[[name]])))
  of <- labels(labelled)
  if (length(of) > 1L) {
    stop_sparsekin(
      "The labelled rows are of tasks ", list_names(of), "; give those of one study at a time.", class = "sparsekin_DataError"
    )
  }
  others <- if (!is.null(newdata) && length(of)) setdiff(labels(newdata), of)
  if (length(others)) {
    stop_sparsekin(
      "The labelled rows are of ", list_names(of), ", but some new rows of ", list_names(others), "; predict one study.",
      class = "sparsekin_DataError"
    )
  }
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
