# Survival curves: the baseline hazards of a fit, and what they make of risks.

# The core's baseline hazards (task, stratum, time, hazard, and the linear predictor they belong to: origin), their strata by the
# labels that the rows have.
name_baseline <- function(found, design) {
  table <- found$baseline
  if (is.null(table)) return(NULL)
  table$stratum <- if (is.null(design$strata)) "" else {
    key <- function(task, stratum) paste(task, stratum)
    as.character(design$strata)[match(key(table$task, table$stratum), key(own_tasks(design), found$strata))]
  }
  table
}

# (m, length(times)) probabilities to be free of the event; NA where a task had no event in the stratum.
survival_curves <- function(object, newdata, task, how, times) {
  if (how != "task") {
    stop_sparsekin(
      "type = \"survival\" needs the baseline hazard of a task, how = \"task\"; or take type = \"risk\".",
      class = "sparsekin_OptionError"
    )
  }
  if (!is.numeric(times) || !all(is.finite(times) & times >= 0)) {
    stop_sparsekin("times must be numbers of at least 0.", class = "sparsekin_OptionError")
  }
  link <- predict(object, newdata, type = "link", task = task)
  old <- function(values) stats::naresid(object$na.action, values)
  codes <- if (is.null(newdata)) old(own_tasks(object$design)) else new_tasks(object, newdata, task)
  strata <- if (is.null(newdata)) old(own_strata(object$design)) else new_strata(object$design, newdata)
  out <- matrix(NA_real_, length(link), length(times), dimnames = list(names(link), times))
  for (steps in split(object$baseline, object$baseline[c("task", "stratum")], drop = TRUE)) {
    mine <- which(codes == steps$task[1L] & strata == steps$stratum[1L])
    out[mine, ] <- curves_at(link[mine], steps, times)
  }
  out
}

# (m, length(times)) probabilities to be free of the event at linear predictors (m), from the steps of a baseline hazard.
curves_at <- function(link, steps, times, origin = steps$origin[1L]) {
  hazard <- c(0, steps$hazard)[findInterval(times, steps$time) + 1L]
  exp(-exp(pmin(outer(link - origin, log(hazard), `+`), 700)))
}

# Labels of the strata of the rows of a fit; "" where there are none.
own_strata <- function(design) {
  if (is.null(design$strata)) rep("", length(design$ledger$kept)) else as.character(design$strata)
}

new_strata <- function(design, newdata) {
  if (is.null(design$strata)) return(rep("", nrow(newdata)))
  absent <- setdiff(design$strata_columns, names(newdata))
  if (length(absent)) {
    stop_sparsekin("The data lack columns the model was fitted with: ", list_names(absent), ".", class = "sparsekin_DataError")
  }
  labels <- as.character(strata_labels(newdata, design$strata_columns))
  new <- setdiff(labels, c(levels(design$strata), NA))
  if (length(new)) {
    stop_sparsekin(
      "The model has no baseline hazard of stratum ", list_names(new), " (it knows ", list_names(levels(design$strata)), ").",
      class = "sparsekin_DataError"
    )
  }
  labels
}
