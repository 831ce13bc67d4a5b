# How well tasks are predicted: rows with outcomes beside their linear predictors, of the fit, held out or new.

# The fit with what the reply of the core says of its predictions: `performance`, a data frame, and `held_out`, NULL or a list of
# eta (n, 1 or K), the linear predictors by models that have not seen the rows, kind, scheme and n_folds.
judged_as <- function(object, found) {
  offset <- object$design$offset
  taken_off <- !is.null(offset) && is_plain(c(object$design[c("parts", "strata")], list(family = object$families)))
  object$held_out <- found$held_out
  if (!is.null(object$held_out) && taken_off) object$held_out$eta <- object$held_out$eta + offset
  object$performance <- if (taken_off && inherits(object, "sparse_mtl")) judge_again(object) else found$performance
  object
}

# The table of performance of a fit whose offset was taken off the outcomes: of the outcomes themselves.
judge_again <- function(object) {
  parts <- lapply(kinds_of_rows(object), function(kind) {
    eta <- predictors_of(object, kind)
    design <- object$design
    if (design$multi_label) return(do.call(rbind, lapply(seq_along(object$tasks), function(k) {
      there <- is.finite(design$y[, k]) & is.finite(eta[, k])
      judge_rows(own_response(object, k), eta[, k], there, kind)
    })))
    judge_rows(own_response(object), eta[, 1L], is.finite(eta[, 1L]), kind)
  })
  out <- do.call(rbind, parts)
  `rownames<-`(out[order(match(out$task, object$tasks)), ], NULL)
}

# What the rows of a fit are: the outcomes (of task k where tasks are outcomes) and what goes with them.
own_response <- function(object, k = NULL) {
  design <- object$design
  n <- nrow(design$y)
  task <- if (is.null(k)) factor(object$tasks[own_tasks(design)], object$tasks) else factor(rep(object$tasks[k], n))
  list(
    y = if (is.null(k)) design$y else design$y[, k, drop = FALSE], parts = design$parts, offset = design$offset, strata = design$strata,
    weights = design$weights, task = task, keep = design$keep, intercept = design$intercept,
    families = object$families[levels(task)], ties = given_or(object$scale$ties, object$settings$ties)
  )
}

# A table of performance, as the core makes it, of the rows `there`, called `kind`.
judge_rows <- function(response, eta, there, kind) {
  cut <- function(values) if (is.null(dim(values))) values[there] else values[there, , drop = FALSE]
  task <- droplevels(cut(response$task))
  keep <- cut(response$keep)
  known <- cut(if (is.null(response$offset)) rep(0, length(eta)) else response$offset)
  outcome <- list(
    family = as.list(response$families[levels(task)]), ties = response$ties, call = response$parts$call,
    parts = if (!is.null(response$parts)) cut(response$parts$columns), levels = NULL, offset = known,
    strata = if (!is.null(response$strata)) as.integer(droplevels(cut(response$strata))) - 1L
  )
  data <- list(
    X = matrix(0, length(task), 1L), features = I("(eta)"), keep = if (ncol(keep)) unname(keep), keep_names = I(as.character(colnames(keep))),
    y = as.data.frame(cut(response$y)), task = task, task_name = "task", weights = if (!is.null(response$weights)) cut(response$weights),
    intercept = response$intercept, standardize = FALSE, scale_outcome = FALSE, outcome = outcome
  )
  out <- call_core("judge", list(data = data, eta = I(cut(eta))))
  out$rows <- rep(kind, nrow(out))
  out
}

# (n, 1), or (n, K) of several outcomes: the linear predictors of rows of a fit, offsets included.
predictors_of <- function(object, kind) {
  if (kind != "apparent") return(object$held_out$eta)
  object$na.action <- NULL # no padding
  as.matrix(predict(object, type = "link"))
}

kinds_of_rows <- function(object) c("apparent", object$held_out$kind)

# A list: kind, performance (its rows), tasks; rows, a list per task of
#   family; y (m, .) outcomes as columns; eta, weight, strata (m); steps, the baseline hazard (a data frame) or NULL, and its origin.
judged_rows <- function(object, rows = NULL) {
  if (inherits(object, judgements)) {
    return(list(kind = object$kind, tasks = object$tasks, performance = object$performance, rows = object$rows))
  }
  kinds <- kinds_of_rows(object)
  kind <- if (is.null(rows)) kinds[length(kinds)] else rows
  if (!is.character(kind) || length(kind) != 1L || !kind %in% kinds) {
    stop_sparsekin(
      "rows = ", shorten(deparse1(kind), 40L), " is not there; this fit has ", paste0("\"", kinds, "\"", collapse = " or "),
      if (is.null(object$held_out)) " (hold_out() holds rows out)", ".", class = "sparsekin_OptionError"
    )
  }
  table <- object$performance
  list(
    kind = kind, tasks = object$tasks, performance = table[table$rows == kind, ],
    rows = rows_by_task(object$design, object$tasks, object$families, predictors_of(object, kind), function(k) own_steps(object, k, kind))
  )
}

# The rows of a design that have a predictor, a list per task.
rows_by_task <- function(design, tasks, families, eta, steps = function(k) NULL) {
  columns <- if (is.null(design$parts)) design$y else design$parts$columns
  weight <- row_weights(design)
  strata <- own_strata(design)
  lapply(seq_along(tasks), function(k) {
    link <- if (design$multi_label) eta[, k] else eta[, 1L]
    y <- if (design$multi_label) columns[, k, drop = FALSE] else columns
    mine <- design$multi_label | own_tasks(design) == k
    at <- which(mine & is.finite(link) & weight > 0 & rowSums(is.na(y)) == 0)
    list(
      task = tasks[k], family = families[[k]], y = y[at, , drop = FALSE], eta = unname(link[at]), weight = weight[at],
      strata = strata[at], steps = steps(k)
    )
  })
}

# The baseline hazard of task k for rows of a kind; NULL where the task is not of survival times, or was left out. Predictors that
# were held out start at their mean over the rows that the model was fitted to.
own_steps <- function(object, k, kind) {
  if (is.null(object$baseline) || kind == "task left out") return(NULL)
  steps <- object$baseline[object$baseline$task == k, ]
  if (!nrow(steps)) return(NULL)
  if (kind != "apparent") {
    mine <- own_tasks(object$design) == k
    link <- predictors_of(object, "apparent")[mine, 1L] - if (is.null(object$design$offset)) 0 else object$design$offset[mine]
    steps$origin <- steps$origin - stats::weighted.mean(link, row_weights(object$design)[mine])
  }
  steps
}

# (m, length(times)) probabilities of rows to be free of the event.
survival_of <- function(row, times) {
  if (is.null(row$steps)) {
    stop_sparsekin(
      "The rows of task '", row$task, "' have no baseline hazard (the task was left out, another model predicts it, or it has strata), ",
      "so that risks are relative only: type = \"survival\" shows these.", class = "sparsekin_OptionError"
    )
  }
  out <- matrix(NA_real_, length(row$eta), length(times))
  for (steps in split(row$steps, row$steps$stratum)) {
    mine <- which(row$strata == steps$stratum[1L])
    out[mine, ] <- curves_at(row$eta[mine], steps, times)
  }
  out
}

# (m) outcomes as numbers, of successes and failures the share of successes; what a row weighs, its trials too.
shares_of <- function(row) if (row$family == "binomial" && ncol(row$y) == 2L) row$y[, 1L] / pmax(rowSums(row$y), 1) else row$y[, 1L]

sizes_of <- function(row) if (row$family == "binomial" && ncol(row$y) == 2L) row$weight * rowSums(row$y) else row$weight
