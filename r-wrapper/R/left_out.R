#' How good is the whole procedure in a study that is not among these?
#'
#' Internal-external validation: each study is left out in turn. On the others everything is done anew, [cv_sparse_mtl()] and
#' `refit(which)`, and this model predicts the study left out as `predict(how = "mean")` does. The study has no say in what predicts it,
#' neither in coefficients nor in settings (Steyerberg and Harrell, 2016; TRIPOD-Cluster). Where one fit is to be judged at its own
#' settings, `hold_out(fit, scheme = "leave-one-task-out")` is faster, and flatters a little.
#'
#' @param object a formula.
#' @param which which fit of each cross-validation predicts: of the `"best"` mean, `"1se"` or the `"average"`.
#' @inheritParams cv_sparse_mtl
#' @param progress `TRUE` shows a bar of studies.
#' @param x what `validate()` of a formula returns; for `autoplot()` as `object`.
#' @param type `"forest"`: one `measure` in all studies, with their random-effects mean as a diamond and the interval in which another
#'   study is expected; or `"calibration"` or `"survival"`, see [plot.sparse_mtl()].
#' @param measure one of `pooled`; by default the AUC, the concordance or the share explained.
#' @param ... not used.
#' @return An object of class `mtl_left_out`: `performance`, a row per study with each measure beside its standard error (`auc`, `auc_se`);
#'   `pooled`, a row per measure: `estimate`, `lower` and `upper` (95 %), `pred_lower` and `pred_upper` (for a study that is not among
#'   these; `NA` of fewer than three), `tau2` and `I2` on the `scale` on which it was pooled, random effects as of
#'   `metafor::rma(method = "REML", test = "knha")`;
#'   `settings`, what was chosen without each study. `tidy()`: a row per measure and study, then the means. `augment()`: `.linear` and
#'   `.fitted`, what was predicted of each row.
#' @examplesIf sparsekin::core_available()
#' set.seed(1)
#' cohorts <- data.frame(site = rep(c("a", "b", "c"), 100), matrix(rnorm(1500), 300))
#' cohorts$ill <- runif(300) < plogis(2 * cohorts$X2)
#' found <- validate(ill ~ ., cohorts, "site", family = binomial, s = 1, lambda_1 = 0.01,
#'   lambda_2 = 0, lambda_z = 0, folds = 3, rng = 1)
#' found$pooled
#' plot(found)
#' @export
validate.formula <- function(object, data, task = NULL, which = c("best", "1se", "average"), s = "auto", lambda_1 = "auto",
                             lambda_2 = "auto", lambda_z = "auto", keep = NULL, weights = NULL, missing = c("raise", "drop"),
                             subset = NULL, na.action = NULL, standardize = "within", scale_outcome = FALSE, folds = 10, groups = NULL,
                             metric = NULL, effort = 1, n_jobs = NULL, rng = NULL, progress = FALSE, family = "gaussian",
                             ties = c("efron", "breslow"), exposure = NULL, ...) {
  call <- match.call()
  env <- parent.frame()
  given <- given_rows(call, object, data, env, first(missing))
  design <- make_design(object, given, keep, read_family(family))
  options <- c(list(
    which = first(which), s = sizes(s), lambda_1 = lambda_1, lambda_2 = lambda_2, lambda_z = lambda_z,
    metric = if (!is.null(metric)) first(metric), effort = effort, n_jobs = n_jobs, rng = read_rng(rng), progress = progress
  ), read_split(given_or(given$folds, folds), given$groups, design))
  found <- call_core("left_out", list(data = core_data(design, read_scale(standardize, scale_outcome, ties)), options = options))
  call <- given$call
  call[[1L]] <- quote(validate)
  tasks <- found$performance$task
  offset <- if (is.null(design$offset) || !is_plain(design)) 0 else design$offset
  eta <- found$eta + offset
  families <- stats::setNames(unlist(found$families), tasks)
  names(found$tidy)[match(c("std_error", "conf_low", "conf_high"), names(found$tidy))] <- c("std.error", "conf.low", "conf.high")
  structure(c(found[c("performance", "pooled", "settings", "n_settings")], list(
    call = call, formula = object, rows = rows_by_task(design, tasks, families, eta), kind = "task left out", tasks = tasks,
    families = families, eta = eta[, 1L], design = design, which = options$which, table = found$tidy, overall = found$glance
  )), class = "mtl_left_out")
}

#' @rdname validate.formula
#' @export
print.mtl_left_out <- function(x, ...) {
  print_call(x)
  cat(
    sum(x$settings$tuned), " of ", length(x$tasks), " studies were left out in turn, the others ",
    if (x$n_settings == 1L) "fitted anew (one setting, nothing to tune)" else paste0("tuned anew (", x$which, ")"), "\n\n", sep = ""
  )
  print(data.frame(x$performance[setdiff(names(x$performance), c("task", "undefined"))], row.names = x$tasks), digits = 3L)
  cat("\nAll studies (random effects; pred: another study, 95 %):\n")
  print(data.frame(x$pooled[setdiff(names(x$pooled), "measure")], row.names = x$pooled$measure), digits = 3L)
  if (any(x$families %in% c("binomial", "poisson"))) cat_level_counts()
  gone <- x$settings[!x$settings$tuned, ]
  if (nrow(gone)) cat("\n", paste0("Not predicted: ", gone$task, ": ", gone$note, "\n"), sep = "")
  invisible(x)
}

# In the words of Python's summary.
cat_level_counts <- function() {
  cat(
    "\nThe level of a study left out (log odds, or log rate) counts in the deviance explained here, which can be below 0\n",
    "for it alone; how far it is off is cal_intercept, calibration in the large. In cv_sparse_mtl(scheme =\n",
    "\"leave-one-task-out\") the level is free.\n", sep = ""
  )
}

#' @rdname validate.formula
#' @export
summary.mtl_left_out <- function(object, ...) as_summary(object)

#' @rdname validate.formula
#' @export
print.summary.mtl_left_out <- function(x, ...) print_with(x, function(found) {
  cat("\nChosen without each study:\n")
  print(data.frame(found$settings[setdiff(names(found$settings), c("task", "note"))], row.names = found$tasks), digits = 3L)
})

#' @rdname validate.formula
#' @method tidy mtl_left_out
#' @export
tidy.mtl_left_out <- function(x, ...) x$table

#' @rdname validate.formula
#' @method glance mtl_left_out
#' @export
glance.mtl_left_out <- function(x, ...) x$overall

#' @rdname validate.formula
#' @method augment mtl_left_out
#' @export
augment.mtl_left_out <- function(x, data = NULL, ...) {
  ledger <- x$design$ledger
  families <- x$families[own_tasks(x$design)]
  fitted <- x$eta
  for (family in unique(families)) {
    fitted[families == family] <- as_response(matrix(x$eta[families == family], ncol = 1L), family)
  }
  added <- data.frame(task = as.character(x$design$task), .linear = x$eta, .fitted = fitted)
  if (is.null(data)) return(data.frame(.rownames = ledger$kept, added, row.names = NULL))
  data <- check_data(data)
  check_own_labels(data, all_rows(ledger))
  at <- rep(NA_integer_, nrow(data))
  at[setdiff(seq_along(at), ledger$dropped)] <- seq_len(nrow(added))
  place_beside(data, added[at, setdiff(names(added), names(data)), drop = FALSE])
}

#' @rdname validate.formula
#' @export
nobs.mtl_left_out <- function(object, ...) sum(is.finite(object$eta))

#' @rdname validate.formula
#' @export
formula.mtl_left_out <- function(x, ...) x$formula

#' @rdname validate.formula
#' @export
plot.mtl_left_out <- function(x, type = c("forest", "calibration", "survival"), measure = NULL, ...) {
  type <- check_choice(first(type), "type", c("forest", "calibration", "survival"))
  if (type == "forest") draw_forest(measure_of(x, measure)) else draw_judged(x, type, NULL, NULL)
  invisible(x)
}

#' @rdname validate.formula
#' @exportS3Method ggplot2::autoplot
autoplot.mtl_left_out <- function(object, type = c("forest", "calibration", "survival"), measure = NULL, ...) {
  type <- check_choice(first(type), "type", c("forest", "calibration", "survival"))
  if (type == "forest") gg_forest(measure_of(object, measure)) else gg_judged(object, type, NULL, NULL)
}

measures <- c(
  auc = "AUC", concordance = "concordance", explained = "deviance explained", rmse = "RMSE", brier = "Brier score",
  brier_scaled = "scaled Brier score", dispersion = "dispersion", cal_intercept = "calibration intercept", cal_slope = "calibration slope"
)
ideal_or_useless <- c(
  cal_intercept = 0, cal_slope = 1, explained = 0, brier_scaled = 0, auc = 0.5, concordance = 0.5, dispersion = 1
)

# The list of forest_of(), of one measure.
measure_of <- function(x, measure) {
  there <- x$pooled$measure
  name <- if (is.null(measure)) intersect(names(measures), there)[1L] else measure
  if (length(name) != 1L || !name %in% there) {
    stop_sparsekin(
      "measure = ", shorten(deparse1(measure), 40L), " is not there; there are ", list_names(there), ".", class = "sparsekin_OptionError"
    )
  }
  own <- x$table[x$table$measure == name & x$table$type == "study", ]
  all <- x$pooled[there == name, ]
  line <- if (name %in% names(ideal_or_useless)) ideal_or_useless[[name]]
  known <- is.finite(all$estimate)
  list(
    rows = data.frame(
      label = sprintf("%s (%s)", own$study, ifelse(is.na(own$estimate), "not defined", sprintf("%.2f", own$estimate))), slope = own$estimate,
      low = own$conf.low, high = own$conf.high, chosen = TRUE, n = own$n
    ),
    middle = if (known) list(ends = c(all$lower, all$estimate, all$upper), other = c(all$pred_lower, all$pred_upper)),
    line = line, axis = paste0(measures[[name]], ", 95 % intervals"),
    title = paste0(
      if (known && is.finite(all$pred_lower)) sprintf("in another study %.2f to %.2f; ", all$pred_lower, all$pred_upper),
      if (known) sprintf("I2 = %.0f %%", 100 * all$I2) else "fewer than two studies"
    )
  )
}
