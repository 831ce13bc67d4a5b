# What 'parameters' and 'performance' ask of a fit (neighbours.R registers it): rows of tidy() and glance() by their names.

# Columns of tidy() by the names of 'parameters'.
model_parameters_of <- function(model, ci = 0.95, exponentiate = FALSE, ...) {
  refuse_settings(list(...))
  if (identical(exponentiate, "nongaussian")) exponentiate <- !"gaussian" %in% model$families
  ratios <- check_choice(exponentiate, "exponentiate", list(TRUE, FALSE))
  rows <- parameter_rows(model, ci, ratios)
  named <- c(
    term = "Parameter", task = "Response", estimate = "Coefficient", std.error = "SE", conf.low = "CI_low", conf.high = "CI_high", p.value = "p"
  )
  kept <- intersect(names(named), names(rows))
  out <- stats::setNames(data.frame(rows[kept], row.names = NULL), named[kept])
  notes <- c(
    if ("SE" %in% names(out)) paste(
      "Coefficients of candidates are means over half-samples, from rows that did not choose the feature (estimate_heldout of tidy()), as are their",
      "standard errors, intervals and p-values; intercepts and kept terms are those of the fit."
    ),
    if (ratios) paste0("Coefficients are ratios, e to the power of those of the fit", if ("SE" %in% names(out)) "; SE are of their logs", ".")
  )
  if (length(notes)) structure(out, table_footer = notes, class = c("mtl_parameters", "data.frame")) else out
}

#' @export
print.mtl_parameters <- function(x, ...) {
  print.data.frame(x, ...)
  cat("\n", paste0(strwrap(attr(x, "table_footer"), 80L), "\n"), sep = "")
  invisible(x)
}

# The rows of tidy() that the fit selects; after stability() all of a candidate's row is of rows that did not choose it.
parameter_rows <- function(model, ci = 0.95, exponentiate = FALSE) {
  lines <- inherits(model, "sparse_mtl")
  if (!lines && exponentiate) {
    stop_sparsekin("exponentiate = TRUE is for slopes of sparse_mtl(); curves have plot().", class = "sparsekin_OptionError")
  }
  if (!lines) return(tidy(model))
  sure <- !is.null(model$stability)
  rows <- if (sure) tidy(model, conf.int = !is.null(ci), conf.level = if (is.null(ci)) 0.95 else ci, exponentiate = exponentiate) else
    tidy(model, exponentiate = exponentiate)
  if (sure) rows$estimate <- ifelse(rows$kind == "candidate", rows$estimate_heldout, rows$estimate)
  rows[rows$selected, ]
}

# Settings of 'parameters' that would give other numbers, and which nothing here heeds.
refuse_settings <- function(given) {
  asked <- Filter(function(value) !is.null(value) && !isFALSE(value), given[intersect(names(given), settings_not_ours)])
  if (!length(asked)) return(invisible())
  stop_sparsekin(
    "model_parameters() of a fit of this package takes ci and exponentiate, not ", list_names(names(asked)), "; tidy(fit) has standardised ",
    "estimates and adjusted p-values.", class = "sparsekin_OptionError"
  )
}

settings_not_ours <- c("standardize", "bootstrap", "iterations", "vcov", "vcov_args", "ci_method", "df_method", "p_adjust", "keep", "drop")

# What `what` of held-out slopes is, or why there is none.
held_out_rows <- function(model, what, ci = 0.95) {
  if (is.null(model$stability) || !inherits(model, "sparse_mtl")) stop_after_selection(what, model)
  parameter_rows(model, ci)
}

standard_error_of <- function(model, ...) {
  rows <- held_out_rows(model, "Standard errors")
  data.frame(Parameter = rows$term, SE = rows$std.error, Response = rows$task)
}

p_value_of <- function(model, ...) {
  rows <- held_out_rows(model, "P-values")
  data.frame(Parameter = rows$term, p = rows$p.value, Response = rows$task)
}

ci_of <- function(x, ci = 0.95, ...) {
  do.call(rbind, lapply(ci, function(level) {
    rows <- held_out_rows(x, "Confidence intervals", level)
    data.frame(Parameter = rows$term, CI = level, CI_low = rows$conf.low, CI_high = rows$conf.high, Response = rows$task)
  }))
}

model_performance_of <- function(model, ...) {
  found <- glance(model)
  named <- c(r.squared = "R2", dev.ratio = "D2", rmse = "RMSE", deviance = "Deviance")
  kept <- intersect(names(named), names(found))
  stats::setNames(found[kept], named[kept])
}

r2_of <- function(model, ...) {
  found <- glance(model)
  list(R2 = c("R2 (mean over tasks)" = if (is.null(found$r.squared)) found$dev.ratio else found$r.squared))
}

# rmse() is its root: a mean over the tasks, as everywhere here.
mse_of <- function(model, ...) {
  check_gaussian(model, "rmse()")
  glance(model)$rmse^2
}

# A mean over the tasks too, of the means of rows, by their weights.
mae_of <- function(model, ...) {
  check_gaussian(model, "mae()")
  errors <- abs(as.matrix(model$residuals))
  weights <- array(if (is.null(model$design$weights)) 1 else model$design$weights, dim(errors)) * !is.na(errors)
  tasks <- if (model$design$multi_label) col(errors) else own_tasks(model$design)
  total <- function(values) tapply(as.vector(values), as.vector(tasks), sum, na.rm = TRUE)
  mean(total(weights * errors) / total(weights))
}

check_gaussian <- function(model, verb) {
  if (all_gaussian(model$families)) return(invisible())
  stop_sparsekin(
    verb, " is for gaussian outcomes; this fit has ", list_names(unique(model$families)), ". model_performance(fit) has the share of the deviance explained, ",
    "fit$performance the measures of each task.", class = "sparsekin_Unavailable"
  )
}
