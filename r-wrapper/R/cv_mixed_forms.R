#' Cross-validation of linear mixed forms
#'
#' Judges numbers of latent dimensions by how well cells are reconstructed, or responses predicted, that the fit did not see.
#'
#' @inheritParams mixed_forms
#' @param d numbers of dimensions to try.
#' @param folds number of folds.
#' @param target `"cells"`: every observed cell of Y, of X and of a Z given as columns is held out once; `"y"`: every row is
#'   held out once, and its Y predicted from its X and Z, the choice when Y of new rows is what the fit is for.
#' @param algorithm `"als"` or `"em"`, as in [mixed_forms()].
#' @param rng a whole number that puts cells, or rows, into folds. By default it is drawn from R's random numbers, so that
#'   [set.seed()] governs the folds.
#' @param n_jobs fits at a time; results do not depend on it.
#' @param progress `TRUE` shows a progress bar (the Python package 'tqdm' must be installed).
#' @return An object of class `cv_mixed_forms`: `table` (a row per `d`: mean squared error of held-out standardised cells,
#'   its standard error, and the error in each table), `best` and `best_1se` (the d of least mean error, and the least d
#'   within one standard error of it). Methods: [print()], [plot()], [tidy()], [glance()] and [refit()].
#' @examplesIf sparsekin::core_available()
#' set.seed(1)
#' cv <- cv_mixed_forms(mpg + qsec ~ wt + hp + disp + drat, data = mtcars, task = "cyl",
#'   d = 1:3, folds = 3)
#' cv
#' refit(cv, "1se")
#' @export
cv_mixed_forms <- function(formula, data, task = NULL, d = 1:5, random = ~1, subset = NULL, algorithm = c("als", "em"), ridge = 1,
                           l1 = 0, orthogonal = FALSE, folds = 5, target = c("cells", "y"), rng = NULL, n_jobs = NULL,
                           progress = FALSE) {
  call <- match.call()
  env <- parent.frame()
  given <- given_rows(call, formula, data, env, "raise")
  call <- given$call
  design <- make_forms_design(formula, given$data, given$task, random)
  options <- list(algorithm = first(algorithm), ridge = ridge, l1 = l1, orthogonal = orthogonal)
  run <- list(
    d = I(sizes(d)), folds = check_number_of_folds(folds), target = first(target), rng = read_rng(rng), n_jobs = n_jobs,
    progress = progress
  )
  found <- call_core("forms_cross_validate", list(model = forms_model(design), options = c(run, options)))
  structure(list(
    call = call, formula = formula, table = found$table, best = found$best, best_1se = found$best_1se,
    n_folds = folds, target = run$target, design = design, options = options
  ), class = "cv_mixed_forms")
}

#' Methods of a cross-validation of linear mixed forms
#'
#' @param x,object a cross-validation of [cv_mixed_forms()].
#' @param which `"best"`: the least mean error; `"1se"`: the least d within one standard error of it.
#' @param ... not used.
#' @return `refit()`: the fit of all cells at the d chosen, of class `mixed_forms`. `tidy()`: a row per d. `glance()`: one
#'   row. `print()` and `plot()`: `x`, invisibly.
#' @examplesIf sparsekin::core_available()
#' cars <- transform(mtcars, cyl = factor(cyl))
#' cv <- cv_mixed_forms(mpg + qsec ~ wt + hp + disp, data = cars, task = "cyl", d = 1:2,
#'   folds = 3, rng = 1)
#' tidy(cv)
#' refit(cv)
#' @name refit.cv_mixed_forms
NULL

#' @rdname refit.cv_mixed_forms
#' @method refit cv_mixed_forms
#' @export
refit.cv_mixed_forms <- function(object, which = c("best", "1se"), ...) {
  which <- check_choice(first(which), "which", c("best", "1se"))
  d <- if (which == "best") object$best else object$best_1se
  options <- c(list(d = as.integer(d)), object$options)
  found <- call_core("forms_fit", list(model = forms_model(object$design), options = options))
  call <- call_of_choice(object$call, "mixed_forms", list(d = as.integer(d)))
  chosen_by(new_mixed_forms(found, object$design, options, call), match.call())
}

#' @rdname refit.cv_mixed_forms
#' @export
print.cv_mixed_forms <- function(x, ...) {
  print_call(x)
  cat("Mean squared error of ", forms_target(x), ": ", x$n_folds, " folds\n\n", sep = "")
  chosen <- character(nrow(x$table))
  chosen[x$table$d == x$best] <- "best"
  chosen[x$table$d == x$best_1se] <- paste0(chosen[x$table$d == x$best_1se], " 1se")
  print(data.frame(x$table, ` ` = trimws(chosen), check.names = FALSE), digits = 4L, row.names = FALSE)
  cat("\nbest: the least mean. 1se: the least d within one standard error of it. See refit().\n")
  invisible(x)
}

forms_target <- function(cv) if (cv$target == "y") "standardised Y of held-out rows" else "held-out standardised cells"

#' @rdname refit.cv_mixed_forms
#' @method tidy cv_mixed_forms
#' @export
tidy.cv_mixed_forms <- function(x, ...) {
  with(x$table, data.frame(
    d = d, estimate = mean, std.error = std_error, conf.low = mean - std_error, conf.high = mean + std_error
  ))
}

#' @rdname refit.cv_mixed_forms
#' @method glance cv_mixed_forms
#' @export
glance.cv_mixed_forms <- function(x, ...) {
  data.frame(d.min = x$best, d.1se = x$best_1se, nobs = nobs(x), n_folds = x$n_folds)
}

#' @rdname refit.cv_mixed_forms
#' @export
plot.cv_mixed_forms <- function(x, ...) {
  table <- tidy.cv_mixed_forms(x)
  graphics::plot(
    range(table$d), range(table$conf.low, table$conf.high, na.rm = TRUE), type = "n", bty = "l", xaxt = "n",
    xlab = "d, latent dimensions", ylab = paste("squared error,", forms_target(x))
  )
  graphics::axis(1L, table$d)
  graphics::lines(table$d, table$estimate, col = "grey30", lwd = 2)
  graphics::segments(table$d, table$conf.low, table$d, table$conf.high, col = "grey65")
  at <- match(c(x$best, x$best_1se), table$d)
  graphics::points(table$d[at], table$estimate[at], pch = c(19, 1), col = "firebrick", cex = c(1.2, 1.8), lwd = 2)
  invisible(x)
}

#' @rdname refit.cv_mixed_forms
#' @exportS3Method ggplot2::autoplot
autoplot.cv_mixed_forms <- function(object, ...) {
  table <- tidy.cv_mixed_forms(object)
  chosen <- table[match(c(object$best, object$best_1se), table$d), ]
  ggplot2::ggplot(table, ggplot2::aes(.data[["d"]], .data[["estimate"]])) +
    ggplot2::geom_errorbar(
      ggplot2::aes(ymin = .data[["conf.low"]], ymax = .data[["conf.high"]]), colour = "grey65", width = 0.1
    ) +
    ggplot2::geom_line(colour = "grey30") +
    ggplot2::geom_point(data = chosen, colour = "firebrick", shape = c(19, 1), size = c(2.5, 4)) +
    ggplot2::scale_x_continuous(breaks = table$d) +
    ggplot2::labs(x = "d, latent dimensions", y = paste("squared error,", forms_target(object)))
}
