#' Judge a fit on rows it has not seen
#'
#' External validation: the outcomes of new rows beside what the fit predicts of them. Of a formula internal-external validation, see
#' [validate.formula()].
#'
#' @param object a fit of [sparse_mtl()], [mt_hal()] or of [refit()].
#' @param newdata rows with the columns of the fit, outcomes, `offset()` and `strata()` too. Rows where any is missing are left out.
#' @param how,task as of [predict.sparse_mtl()]. With another `how` than `"task"` the rows may be of any studies; each is judged by
#'   itself where the task column, or `task`, names them.
#' @param offset a known part of the linear predictor, one number per row, such as the log of the exposure; by default that of the
#'   formula's `offset()`, else 0.
#' @param x a validation.
#' @param type `"calibration"` or `"survival"`, see [plot.sparse_mtl()].
#' @param time of `"calibration"` of survival times: the risk of an event until then is drawn.
#' @param ... not used.
#' @return An object of class `mtl_validation`: `performance`, a data frame as of [hold_out()] with `rows` `"new rows"`; `nobs`,
#'   `n_given`, `how`, `tasks`, `families`. `tidy()` is the table, `glance()` one row.
#' @examplesIf sparsekin::core_available()
#' set.seed(1)
#' cohorts <- data.frame(site = rep(c("north", "south"), 200), matrix(rnorm(2000), 400))
#' cohorts$ill <- runif(400) < plogis(2 * cohorts$X2)
#' fit <- sparse_mtl(ill ~ ., cohorts[1:200, ], "site", s = 1, family = binomial)
#' validate(fit, cohorts[201:400, ])
#' @export
validate <- function(object, ...) UseMethod("validate")

#' @rdname validate
#' @export
validate.sparse_mtl <- function(object, newdata, how = c("task", "mean", "pooled", "stack"), task = NULL, offset = NULL, ...) {
  new_validation(object, newdata, first(how), task, offset, match.call())
}

#' @rdname validate
#' @export
validate.mt_hal <- function(object, newdata, how = c("task", "mean"), task = NULL, offset = NULL, ...) {
  new_validation(object, newdata, first(how), task, offset, match.call())
}

new_validation <- function(object, newdata, how, task, offset, call) {
  if (object$design$multi_label) {
    stop_sparsekin(
      "validate() is for tasks with rows of their own; here the tasks are outcomes of the same rows.", class = "sparsekin_OptionError"
    )
  }
  newdata <- check_data(newdata)
  response <- new_response(object, newdata, how, task)
  eta <- new_predictors(object, newdata, how, task, offset)
  response$offset <- attr(eta, "offset")
  there <- is.finite(eta) & !is.na(response$task) & rowSums(is.na(response$columns)) == 0
  if (!any(there)) {
    stop_sparsekin(
      "None of the ", nrow(newdata), " new rows has the outcome and all columns of the fit.", class = "sparsekin_DataError"
    )
  }
  table <- judge_rows(response, as.vector(eta), there, new_rows)
  call[[1L]] <- quote(validate)
  structure(list(
    call = call, formula = object$formula, performance = table, tasks = table$task, families = response$families[table$task],
    kind = new_rows, nobs = sum(there), n_given = nrow(newdata), how = how, rows = new_judged(object, response, eta, there, table$task, how)
  ), class = "mtl_validation")
}

new_rows <- "new rows"

# The list of own_response() of new rows, and columns (m, .), what the outcome is made of.
new_response <- function(object, newdata, how, task) {
  design <- object$design
  absent <- setdiff(c(design$outcome_columns, design$strata_columns), names(newdata))
  if (length(absent)) {
    stop_sparsekin(
      "The new rows lack ", list_names(absent), ": to validate a fit, give rows with outcomes", if (length(design$strata_columns)) " and strata",
      ".", class = "sparsekin_DataError"
    )
  }
  y <- in_formula(object$formula, eval(attr(design$terms, "variables")[[2L]], newdata, environment(design$terms)))
  if (!is.null(design$outcome_levels)) {
    check_levels(stats::setNames(list(y), design$outcome_columns[1L]), stats::setNames(list(design$outcome_levels), design$outcome_columns[1L]))
    y <- as.double(as.character(y) == design$outcome_levels[2L])
  }
  parts <- if (!is.null(design$parts)) outcome_parts(y, "binomial", given_or(design$task_name, ""))
  shown <- if (is.null(parts)) matrix(as.double(y), ncol = 1L) else shown_outcome(parts, "")
  labels <- if (how == "task") object$tasks[new_tasks(object, newdata, task)] else study_labels(object, newdata, task)
  tasks <- if (how == "task") intersect(object$tasks, labels) else unique(labels[!is.na(labels)])
  families <- if (how == "task") object$families[tasks] else stats::setNames(rep(object$families[[1L]], length(tasks)), tasks)
  new <- if (is.null(design$smooth)) new_columns(object, newdata) else new_hal_columns(object, newdata)
  kept <- colnames(design$keep)
  keep <- matrix(NA_real_, nrow(newdata), length(kept), dimnames = list(NULL, kept))
  keep[new$complete, ] <- if (is.null(design$smooth)) new$x[, kept] else new$plain[, kept]
  list(
    y = `colnames<-`(shown, colnames(design$y)), parts = parts, strata = strata_labels(newdata, design$strata_columns), task = factor(labels, tasks),
    keep = keep, intercept = design$intercept, families = families, ties = given_or(object$scale$ties, object$settings$ties),
    columns = if (is.null(parts)) shown else parts$columns
  )
}

# Of each new row the study it is judged with, where one model predicts all.
study_labels <- function(object, newdata, task) {
  if (is.null(task)) task <- newdata[[given_or(object$design$task_name, "")]]
  if (is.null(task)) return(rep(new_rows, nrow(newdata)))
  if (!length(task) %in% c(1L, nrow(newdata))) {
    stop_sparsekin(
      "task has ", length(task), " labels for ", nrow(newdata), " rows; give one label, or one per row.", class = "sparsekin_DataError"
    )
  }
  rep_len(as.character(task), nrow(newdata))
}

# (m) linear predictors of new rows, offsets included; these are an attribute.
new_predictors <- function(object, newdata, how, task, offset) {
  linear <- predict(object, newdata, how = how, task = if (how == "task") task, type = "link")
  new <- if (is.null(object$design$smooth)) new_columns(object, newdata) else new_hal_columns(object, newdata)
  own <- rep(0, nrow(newdata))
  if (!is.null(new$offset)) own[new$complete] <- new$offset
  if (is.null(offset)) return(structure(linear, offset = own))
  if (!is.numeric(offset) || length(offset) != nrow(newdata)) {
    stop_sparsekin(
      "offset must be numbers, one per row: ", length(offset), " for ", nrow(newdata), " rows.", class = "sparsekin_DataError"
    )
  }
  check_names(offset, "offset", row.names(newdata))
  structure(linear - own + offset, offset = as.double(offset))
}

# The list of judged_rows() of new rows.
new_judged <- function(object, response, eta, there, tasks, how) {
  strata <- if (is.null(response$strata)) rep("", length(eta)) else as.character(response$strata)
  lapply(tasks, function(task) {
    at <- which(there & response$task == task)
    k <- match(task, object$tasks)
    list(
      task = task, family = response$families[[task]], y = response$columns[at, , drop = FALSE], eta = unname(eta[at]),
      weight = rep(1, length(at)), strata = strata[at],
      steps = if (how == "task" && is.null(object$design$strata)) own_steps(object, k, "apparent")
    )
  })
}

#' @rdname validate
#' @export
print.mtl_validation <- function(x, ...) {
  cat(
    counted(x$nobs, "new row"), " of ", x$n_given, " given, ", counted(length(x$tasks), "task"), family_text(x, ", "), ", how = \"", x$how,
    "\"\n", sep = ""
  )
  print_performance(x)
  said <- unique(x$performance$undefined[nzchar(x$performance$undefined)])
  if (length(said)) cat("\n", paste0("Blank: ", said, ".\n"), sep = "")
  invisible(x)
}

#' @rdname validate
#' @export
summary.mtl_validation <- function(object, ...) as_summary(object)

#' @rdname validate
#' @export
print.summary.mtl_validation <- function(x, ...) print_with(x, function(validation) {
  cat(
    "\nRight predictions have cal_intercept 0 and cal_slope 1. explained: of the deviance beyond intercept and kept terms that are\n",
    "fitted to the new rows, so that it may be below 0.\n", sep = ""
  )
})

#' @rdname validate
#' @method tidy mtl_validation
#' @export
tidy.mtl_validation <- function(x, ...) x$performance

#' @rdname validate
#' @method glance mtl_validation
#' @export
glance.mtl_validation <- function(x, ...) {
  data.frame(n_tasks = length(x$tasks), nobs = x$nobs, n_given = x$n_given, how = x$how)
}

#' @rdname validate
#' @export
nobs.mtl_validation <- function(object, ...) object$nobs

#' @rdname validate
#' @export
formula.mtl_validation <- function(x, ...) x$formula

#' @rdname validate
#' @export
plot.mtl_validation <- function(x, type = c("calibration", "survival"), time = NULL, ...) {
  draw_judged(x, check_choice(first(type), "type", c("calibration", "survival")), NULL, time)
  invisible(x)
}

#' @rdname validate
#' @exportS3Method ggplot2::autoplot
autoplot.mtl_validation <- function(object, type = c("calibration", "survival"), time = NULL, ...) {
  gg_judged(object, check_choice(first(type), "type", c("calibration", "survival")), NULL, time)
}
