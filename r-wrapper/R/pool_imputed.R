#' Fits of several imputations together
#'
#' A selection is made anew in every imputed data set, so what can be pooled is how often each feature is selected, and the mean of the coefficients.
#' Rubin's rules need estimates of the same term with a standard error in every data set: these are had for the terms of `keep` alone, by
#' [double_selection()]. Use it after `mice::mice()`, on `with(imputed, ...)` or on a list of fits; `mice::pool()` refuses these fits.
#'
#' @param fits a list of fits of [sparse_mtl()] by the same call, one per imputed data set, or what `with()` makes of a 'mids' object.
#' @param x an object of `pool_imputed()`.
#' @param level of the intervals.
#' @param folds,rng of [double_selection()]; the folds are the same in every data set.
#' @param object an object of `pool_imputed()`.
#' @param parm names of kept terms; all by default.
#' @param max_features most features that are drawn.
#' @param ... not used.
#' @return `pool_imputed()`: a list of class `mtl_imputed` with `m` (data sets), `frequency` (share of them that select a feature, a row per feature and a column
#'   per task), `coefficients` (their mean, 0 where a feature is not selected), `spread` (their standard deviation between data sets), and `kept`, `NULL` without
#'   `keep`: a data frame with a row per kept term and task, by Rubin's rules: `term`, `task`, `estimate`, `std.error`, `conf.low`, `conf.high`,
#'   `p.value`, `df` and `fmi`, the fraction of missing information. `tidy()`: a row per term and task, the kept terms first;
#'   `summary()` those of them that some data set selects. `coef()`: the mean coefficients. `plot()`: the shares. `confint()`: a matrix with a row per kept term and task, by Rubin's rules. `glance()`: one row, with `m`,
#'   `nobs` (of the first data set), `n_tasks`, `n_candidates`, and how many of these any data set (`n_selected`) and every one (`n_always`) selects in some task.
#' @references Rubin (1987), Multiple Imputation for Nonresponse in Surveys; Barnard and Rubin (1999), Biometrika 86, 948-955.
#' @examplesIf sparsekin::core_available()
#' # two "imputations": in practice mice::complete(imputed, "all")
#' sets <- lapply(1:2, function(i) transform(mtcars, wt = wt + rnorm(32, sd = 0.05)))
#' fits <- lapply(sets, function(data) {
#'   sparse_mtl(mpg ~ wt + hp + qsec + drat, data, task = "am", s = 1, keep = "hp")
#' })
#' pool_imputed(fits, folds = 3, rng = 1)
#' @export
pool_imputed <- function(fits, level = 0.95, folds = 5, rng = 0) {
  fits <- as_imputed(fits)
  mean_of <- function(part) Reduce(`+`, lapply(fits, part)) / length(fits)
  coefficients <- mean_of(function(fit) fit$coefficients)
  square <- mean_of(function(fit) (fit$coefficients - coefficients)^2)
  structure(list(
    m = length(fits), frequency = mean_of(function(fit) 1 * fit$support), coefficients = coefficients,
    spread = sqrt(square * length(fits) / (length(fits) - 1)), kept = if (ncol(fits[[1L]]$design$keep)) pool_kept(fits, level, folds, rng),
    tasks = fits[[1L]]$tasks, nobs = stats::nobs(fits[[1L]]),
    always = sum(Reduce(`&`, lapply(fits, function(fit) rowSums(fit$support) > 0))), formula = fits[[1L]]$formula
  ), class = "mtl_imputed")
}

as_imputed <- function(fits) {
  if (inherits(fits, "mira")) fits <- fits$analyses
  if (!is.list(fits) || inherits(fits, c(our_classes, collections))) {
    stop_sparsekin("fits must be a list of fits, one per imputed data set, or what with() makes of a 'mids' object.", class = "sparsekin_OptionError")
  }
  if (length(fits) < 2L) {
    stop_sparsekin("There is ", length(fits), " fit; pooling needs one for each of two or more imputed data sets.", class = "sparsekin_OptionError")
  }
  for (i in seq_along(fits)) {
    if (!inherits(fits[[i]], "sparse_mtl")) {
      stop_sparsekin("Fit ", i, " is of class '", class(fits[[i]])[1L], "'; pool_imputed() is for fits of sparse_mtl().", class = "sparsekin_OptionError")
    }
    check_same_call(said_of_call(fits[[i]]), said_of_call(fits[[1L]]), i)
  }
  fits
}

# What two fits of one call on imputed copies of the same data have in common. Penalties and s may be tuned anew in every copy.
said_of_call <- function(fit) {
  family <- if (length(unique(fit$families)) == 1L) fit$families[[1L]] else paste(fit$families, "in", fit$tasks, collapse = ", ")
  kept <- colnames(fit$design$keep)
  c(
    family = paste("family", family), outcome = paste0("outcome '", deparse1(fit$formula[[2L]]), "'"),
    formula = paste("the formula", deparse1(fit$formula)),
    task = if (is.null(fit$design$task_name)) "no column of tasks" else paste0("tasks by '", fit$design$task_name, "'"),
    keep = if (length(kept)) paste("keep =", list_names(kept, Inf)) else "no terms of keep", support = paste0("support = \"", fit$support_mode, "\""),
    weights = said_of_argument(fit, "weights", fit$design$weights), exposure = said_of_argument(fit, "exposure", if (fit$design$exposed) TRUE),
    standardize = paste("standardize =", deparse1(fit$scale$standardize)), scale_outcome = paste("scale_outcome =", fit$scale$scale_outcome),
    ties = paste0("ties = \"", fit$scale$ties, "\""), task_weights = paste0("task_weights = \"", fit$task_weights, "\""),
    rows = paste(nrow(as.matrix(fit$fitted.values)), "rows"), tasks = paste("the tasks", list_names(fit$tasks, Inf)),
    terms = paste("the terms", list_names(rownames(fit$coefficients), Inf))
  )
}

# Numbers themselves may be imputed, so that it is the call that is compared; a refit() of a tuning does not have it.
said_of_argument <- function(fit, name, value) {
  if (is.null(value)) return(paste("no", name))
  said <- fit$call[[name]]
  if (is.null(said)) name else paste(name, "=", if (is.character(said)) said[1L] else deparse1(said))
}

check_same_call <- function(said, first, i) {
  other <- which(said != first)
  if (!length(other)) return(invisible())
  stop_sparsekin(
    "Fit ", i, " has ", said[[other[1L]]], ", fit 1 has ", first[[other[1L]]], ": all must be the same call on imputed copies of the same data.",
    class = "sparsekin_OptionError"
  )
}

pool_kept <- function(fits, level, folds, rng) {
  tables <- lapply(fits, double_selection, folds = folds, rng = rng)
  column <- function(name) vapply(tables, function(table) table[[name]], numeric(nrow(tables[[1L]])))
  pooled <- rubin(
    matrix(column("estimate"), nrow(tables[[1L]])), matrix(column("std.error"), nrow(tables[[1L]])),
    residual_freedom(fits, tables), level
  )
  data.frame(tables[[1L]][c("term", "task")], pooled)
}

# (r) rows less columns of the regressions behind double_selection(), the mean over data sets.
residual_freedom <- function(fits, tables) {
  freedom <- mapply(function(fit, table) {
    rows <- stats::setNames(fit$task_fit$n, fit$tasks)[as.character(table$task)]
    rows - table$controls - ncol(fit$design$keep) - fit$design$intercept
  }, fits, tables)
  rowMeans(matrix(freedom, nrow(tables[[1L]])))
}

# `estimate`, `error` (r, m): r quantities in m data sets; `complete` (r) degrees of freedom without gaps.
rubin <- function(estimate, error, complete, level) {
  m <- ncol(estimate)
  mean <- rowMeans(estimate)
  within <- rowMeans(error^2)
  between <- rowSums((estimate - mean)^2) / (m - 1)
  total <- within + (1 + 1 / m) * between
  lambda <- (1 + 1 / m) * between / total
  old <- (m - 1) / pmax(lambda, 1e-12)^2
  observed <- (complete + 1) / (complete + 3) * complete * (1 - lambda)
  df <- ifelse(is.finite(complete), old * observed / (old + observed), old)
  half <- stats::qt(0.5 + level / 2, df) * sqrt(total)
  ratio <- lambda / (1 - lambda)
  data.frame(
    estimate = mean, std.error = sqrt(total), conf.low = mean - half, conf.high = mean + half,
    p.value = 2 * stats::pt(-abs(mean) / sqrt(total), df), df = df, fmi = (ratio + 2 / (df + 3)) / (1 + ratio)
  )
}

#' @rdname pool_imputed
#' @export
print.mtl_imputed <- function(x, ...) {
  cat(x$m, " imputed data sets, ", length(x$tasks), if (length(x$tasks) == 1L) " task\n" else " tasks\n", sep = "")
  order <- order(-rowMeans(x$frequency))
  shown <- order[rowSums(x$frequency)[order] > 0]
  cat("\nShare of data sets that select a feature:\n")
  print(round(x$frequency[shown, , drop = FALSE], 2))
  if (is.null(x$kept)) return(invisible(x))
  cat("\nTerms that are always in, by double selection and Rubin's rules:\n")
  print(x$kept, digits = 3, row.names = FALSE)
  invisible(x)
}

#' @rdname pool_imputed
#' @method tidy mtl_imputed
#' @export
tidy.mtl_imputed <- function(x, ...) {
  K <- length(x$tasks)
  features <- rownames(x$frequency)
  by_row <- function(values) as.vector(t(values[features, , drop = FALSE]))
  rows <- data.frame(
    term = rep(features, each = K), task = rep(x$tasks, length(features)), frequency = by_row(x$frequency),
    estimate = by_row(x$coefficients), spread = by_row(x$spread), std.error = NA_real_, conf.low = NA_real_, conf.high = NA_real_, p.value = NA_real_
  )
  if (is.null(x$kept)) return(rows)
  kept <- data.frame(x$kept[c("term", "task", "estimate", "std.error", "conf.low", "conf.high", "p.value")], frequency = 1, spread = NA_real_)
  rbind(kept[names(rows)], rows)
}

#' @rdname pool_imputed
#' @method glance mtl_imputed
#' @export
glance.mtl_imputed <- function(x, ...) {
  data.frame(
    m = x$m, nobs = x$nobs, n_tasks = length(x$tasks), n_candidates = nrow(x$frequency), n_selected = sum(rowSums(x$frequency) > 0), n_always = x$always
  )
}

#' @rdname pool_imputed
#' @export
summary.mtl_imputed <- function(object, ...) {
  rows <- tidy(object)
  rows <- rows[rows$frequency > 0, ]
  rownames(rows) <- NULL
  rows
}

#' @rdname pool_imputed
#' @export
plot.mtl_imputed <- function(x, max_features = 60L, ...) {
  draw_frequency(shares_of_sets(x, max_features))
  invisible(x)
}

#' @rdname pool_imputed
#' @exportS3Method ggplot2::autoplot
autoplot.mtl_imputed <- function(object, max_features = 60L, ...) gg_frequency(shares_of_sets(object, max_features))

# As frequency_of(), of imputed data sets; dots where every one selects the feature.
shares_of_sets <- function(x, max_features) {
  order <- order(-rowMeans(x$frequency))
  order <- order[rowSums(x$frequency)[order] > 0]
  values <- x$frequency[utils::head(order, max_features), , drop = FALSE]
  few <- if (nrow(values) < length(order)) paste("The first", nrow(values), "of ") else ""
  list(
    values = values, shown = values > 1 - 1e-9, stable = 0L, key = "share of data sets",
    title = if (length(order)) paste0(few, counted(length(order), "feature"), " that a data set selects; dot: every one does") else "No data set selects a feature"
  )
}

#' @rdname pool_imputed
#' @export
coef.mtl_imputed <- function(object, ...) object$coefficients

#' @rdname pool_imputed
#' @export
nobs.mtl_imputed <- function(object, ...) object$nobs

#' @rdname pool_imputed
#' @export
formula.mtl_imputed <- function(x, ...) x$formula

#' @rdname pool_imputed
#' @export
confint.mtl_imputed <- function(object, parm, level = 0.95, ...) {
  kept <- object$kept
  if (is.null(kept)) {
    stop_sparsekin(
      "Rubin's rules need a standard error of the same term in every data set, which only terms of keep have, and these fits have none.",
      class = "sparsekin_Unavailable"
    )
  }
  if (!missing(parm)) {
    unknown <- setdiff(parm, kept$term)
    if (length(unknown)) stop_sparsekin("There is no kept term ", list_names(unknown), ".", class = "sparsekin_OptionError")
    kept <- kept[kept$term %in% parm, ]
  }
  half <- stats::qt((1 + check_level(level)) / 2, kept$df) * kept$std.error
  matrix(c(kept$estimate - half, kept$estimate + half), ncol = 2L, dimnames = list(paste(kept$term, kept$task, sep = ":"), level_names(level)))
}
