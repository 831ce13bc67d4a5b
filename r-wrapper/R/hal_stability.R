#' @rdname stability
#' @export
stability.mt_hal <- function(object, pairs = 50, groups = NULL, rng = NULL, n_jobs = NULL, progress = FALSE, ...) {
  drawing <- list(
    pairs = pairs, groups = read_groups(groups, object$design), rng = read_rng(rng), n_jobs = n_jobs, progress = progress
  )
  found <- call_core("hal_stability", c(hal_again(object), list(drawing = drawing)))
  tasks <- object$tasks
  variables <- colnames(object$design$x)
  sections <- as.character(unlist(found$sections))
  shares <- function(values, names) matrix(values, length(names), 1L + length(tasks), dimnames = list(names, c("any", tasks)))
  object$stability <- list(
    frequency = shares(found$frequency, sections), variable_frequency = shares(found$variable_frequency, variables),
    at = `rownames<-`(found$at, variables), estimate = array(found$estimate, dim(found$estimate), list(variables, tasks, NULL)),
    se = array(found$se, dim(found$se), list(variables, tasks, NULL)),
    df = matrix(found$df, length(variables), length(tasks), dimnames = list(variables, tasks)),
    without = unlist(found$without), se_kind = found$se_kind, pairs = found$pairs, asked = found$asked
  )
  object
}

#' Curves of rows that did not choose, with bands
#'
#' After [stability()] of a fit of [mt_hal()]: the main effect of a variable. The functions that a half-sample chooses are refitted
#' without a penalty on its other rows; told is the mean over the half-samples with a main effect of the variable, mean 0 over the
#' rows of all tasks, on the scale of the link. The band is around this mean, not around the curve of the fit, which is shrunken; it
#' holds at every point by itself (t intervals), not for all of the curve at once. Where products of variables are in the basis, part
#' of an effect may sit in them: the band is of the functions of the variable alone.
#'
#' @param object a fit of [mt_hal()] that [stability()] has returned.
#' @param variable the name of one variable.
#' @param level of the band, between 0 and 1.
#' @param ... not used.
#' @return A data frame with a row per task and 61 values of the variable: `variable`, `task`, `value`, `estimate`, `conf.low`, `conf.high`;
#'   `NA` where fewer than 10 half-samples tell or fewer than 5 degrees of freedom are left. Where there is no band at all, an error
#'   of class `sparsekin_Unavailable` with the reason.
#' @seealso [plot.mt_hal()], which draws it.
#' @examplesIf sparsekin::core_available()
#' set.seed(1)
#' centres <- data.frame(
#'   centre = rep(c("A", "B"), each = 100), age = runif(200, 30, 75), bmi = runif(200, 18, 40)
#' )
#' centres$rate <- 170 - pmax(centres$age - 50, 0) + rnorm(200, sd = 3)
#' fit <- mt_hal(rate ~ h(age, k = 8) + h(bmi, k = 8), data = centres, task = "centre", lambda = 0.3)
#' sure <- stability(fit, pairs = 10, rng = 1)
#' sure$stability$variable_frequency
#' head(band(sure, "age"))
#' plot(sure)
#' @export
band <- function(object, ...) UseMethod("band")

#' @rdname band
#' @export
band.mt_hal <- function(object, variable, level = 0.95, ...) {
  found <- half_samples(object, "band()")
  if (missing(variable)) stop_without("band", "variable")
  hal_column(object, variable)
  why <- found$without[variable]
  if (!is.null(why) && !is.na(why)) {
    stop_sparsekin("There is no band of '", variable, "': ", why, ".", class = "sparsekin_Unavailable")
  }
  band_rows(object, variable, level)
}

band_rows <- function(object, variable, level) {
  found <- object$stability
  value <- found$estimate[variable, , ]
  half <- stats::qt((1 + level) / 2, pmax(found$df[variable, ], 1)) * found$se[variable, , ]
  G <- ncol(found$at)
  of <- function(values) as.vector(t(matrix(values, length(object$tasks), G)))
  out <- data.frame(
    variable = variable, task = rep(object$tasks, each = G), value = rep(found$at[variable, ], length(object$tasks)), estimate = of(value),
    conf.low = of(value - half), conf.high = of(value + half)
  )
  out[4:6] <- lapply(out[4:6], function(column) replace(column, is.nan(column), NA))
  out
}

# Bands of the variables that have one, NULL where no half-samples were drawn.
bands_of <- function(object, variables, level) {
  if (is.null(object$stability)) return(NULL)
  told <- setdiff(variables, names(object$stability$without))
  rows <- do.call(rbind, lapply(told, band_rows, object = object, level = level))
  if (is.null(rows)) return(NULL)
  rows <- rows[!is.na(rows$conf.low), ]
  if (nrow(rows)) rows
}

# The rows of tidy() with how often half-samples chose the set of variables of a function.
tidy_hal_stability <- function(rows, object) {
  found <- object$stability$frequency
  at <- match(rows$section, rownames(found))
  rows$frequency <- found[cbind(at, match(rows$task, colnames(found)[-1L]) + 1L)]
  rows$frequency_any <- found[at, 1L]
  rows
}

print_hal_stability <- function(x) {
  found <- x$stability
  if (is.null(found)) return(invisible())
  if (!nrow(found$frequency)) {
    cat("\nNone of ", 2 * found$pairs, " half-samples chose a function.\n", sep = "")
    return(invisible())
  }
  cat("\nIn half-samples:\n")
  shares <- found$frequency[, -1L, drop = FALSE]
  if (ncol(shares) > many_tasks) {
    shares <- cbind(mean = rowMeans(shares), min = apply(shares, 1L, min), max = apply(shares, 1L, max))
  }
  cells <- cbind(share = found$frequency[, 1L], shares)
  cells <- matrix(sprintf("%.2f", cells), nrow(cells), dimnames = dimnames(cells))
  print_some(cells, "sets are rarer: see $stability$frequency")
  cat(
    "share: of ", 2 * found$pairs, " half-samples that chose a function of the set in any task. Curves with bands, from the rows\n",
    "that did not choose: band(), plot().\n", sep = ""
  )
  invisible()
}
