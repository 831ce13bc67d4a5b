#' Loadings of a linear mixed form
#'
#' @param object a fit of [mixed_forms()].
#' @param parm tables whose loadings are wanted; by default all.
#' @param level coverage of the intervals.
#' @param n replicates: refits to rows drawn anew within tasks, turned towards the fit.
#' @param rng a whole number that determines the draws. By default it is drawn from R's random numbers.
#' @param n_jobs replicates at a time; results do not depend on it.
#' @param progress `TRUE` shows a progress bar (the Python package 'tqdm' must be installed).
#' @param ... not used.
#' @return `coef()`: a list of matrices `y`, `x` and `z` with a row per column of the table and a column per factor.
#'   `confint()`: a data frame with `block`, `term`, `factor`, `estimate`, `conf.low`, `conf.high`: percentiles of the
#'   replicates. What they leave out: `d` and the penalties are kept, and a rotation that the data hardly determine is taken
#'   from the fit. `vcov()` and `pvalues()` stop and say why.
#' @examplesIf sparsekin::core_available()
#' cars <- transform(mtcars, cyl = factor(cyl))
#' fit <- mixed_forms(mpg + qsec ~ wt + hp + disp, data = cars, task = "cyl", d = 1)
#' coef(fit)
#' @export
coef.mixed_forms <- function(object, ...) object$loadings

#' @rdname coef.mixed_forms
#' @export
confint.mixed_forms <- function(object, parm = c("y", "x", "z"), level = 0.95, n = 200, rng = NULL, n_jobs = NULL,
                                progress = FALSE, ...) {
  for (name in parm) check_choice(name, "parm", blocks)
  resampling <- list(n = sizes(n), level = level, rng = read_rng(rng), n_jobs = n_jobs, progress = progress)
  found <- call_core("forms_bootstrap", list(
    model = forms_model(object$design), options = object$options, resampling = resampling
  ))$intervals
  plain <- tidy.mixed_forms(object)
  out <- data.frame(plain, conf.low = found$conf_low, conf.high = found$conf_high)
  `rownames<-`(out[out$block %in% parm, ], NULL)
}

#' @rdname coef.mixed_forms
#' @export
vcov.mixed_forms <- function(object, ...) stop_rotations()

#' @rdname coef.mixed_forms
#' @export
pvalues.mixed_forms <- function(object, ...) stop_rotations()

stop_rotations <- function() {
  stop_sparsekin(
    "Signs and rotations of loadings are arbitrary, so they have no standard errors or p-values. confint() has bootstrap ",
    "intervals, aligned to the fit.", class = "sparsekin_Unavailable"
  )
}

#' @rdname formula.sparse_mtl
#' @export
formula.mixed_forms <- function(x, ...) x$formula

#' @rdname formula.sparse_mtl
#' @export
nobs.mixed_forms <- function(object, ...) length(object$design$rows)

#' Tables of a linear mixed form
#'
#' @param x a fit of [mixed_forms()].
#' @param data the data frame the fit was made from, in its order; by default only row names, codes, fitted values and residuals.
#' @param conf.int `TRUE`: `conf.low` and `conf.high`, by the bootstrap.
#' @param conf.level of the intervals.
#' @param newdata other rows, with the columns of the fit: their codes and [predict()]ions, which have not seen the responses, and
#'   residuals of the responses that are there.
#' @param ... not used.
#' @return Data frames.
#'
#'   `tidy()`: one row per loading: `block`, `term`, `factor`, `estimate` (standard deviations per unit of the code); with `conf.int` what
#'   [confint()] gives.
#'
#'   `glance()`: one row for the whole fit.
#'
#'   `augment()`: one row per row of the data, with `.fixed_f1`, ..., `.random_f1`, ..., `.fitted_<response>` and
#'   `.resid_<response>`.
#' @examplesIf sparsekin::core_available()
#' cars <- transform(mtcars, cyl = factor(cyl))
#' fit <- mixed_forms(mpg + qsec ~ wt + hp + disp, data = cars, task = "cyl", d = 1)
#' tidy(fit)
#' glance(fit)
#' @name tidy.mixed_forms
NULL

#' @rdname tidy.mixed_forms
#' @method tidy mixed_forms
#' @export
tidy.mixed_forms <- function(x, conf.int = FALSE, conf.level = 0.95, ...) {
  if (conf.int) return(confint.mixed_forms(x, level = conf.level))
  parts <- lapply(blocks, function(block) {
    values <- x$loadings[[block]]
    data.frame(
      block = rep(block, length(values)), term = rep(rownames(values), ncol(values)),
      factor = rep(colnames(values), each = nrow(values)), estimate = as.vector(values)
    )
  })
  do.call(rbind, parts)
}

#' @rdname tidy.mixed_forms
#' @method glance mixed_forms
#' @export
glance.mixed_forms <- function(x, ...) x$overall

#' @rdname tidy.mixed_forms
#' @method augment mixed_forms
#' @export
augment.mixed_forms <- function(x, data = NULL, newdata = NULL, ...) {
  if (!is.null(newdata)) return(augment_new(x, data, newdata))
  parts <- list(.fixed_ = x$codes_fixed, .random_ = x$codes_random, .fitted_ = x$fitted.values, .resid_ = x$residuals)
  named <- Map(function(values, stem) `colnames<-`(values, paste0(stem, colnames(values))), parts, names(parts))
  added <- as.data.frame(do.call(cbind, unname(named)), optional = TRUE)
  if (is.null(data)) return(data.frame(.rownames = x$design$rows, added, row.names = NULL, check.names = FALSE))
  data <- check_data(data)
  if (nrow(data) != nobs(x)) {
    stop_sparsekin(
      "data has ", nrow(data), " rows, but the model was fitted to ", nobs(x), ".", class = "sparsekin_DataError"
    )
  }
  check_own_tables(x, data)
  place_beside(data, added)
}
