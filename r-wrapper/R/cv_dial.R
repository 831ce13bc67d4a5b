#' Pool, share or separate: a cross-validation from pooled to separate
#'
#' What [cv_sparse_mtl()] returns where `lambda_2 = "auto"` and tasks may share. Three families are compared on the same
#' folds: one model for all tasks with an intercept each (`pool`), supports and values tied as far as the data say
#' (`share`), each task by itself (`separate`). Each is judged by the mean of its best settings, ranked on the other
#' folds; the verdict goes from pool to share to separate only for a gain of more than half a standard error.
#'
#' @param x,object a cross-validation of [cv_sparse_mtl()].
#' @param which `"best"`: of the settings of the family that the verdict speaks for with errors within 1 % of the least, the one that predicts most like the
#'   average; `"1se"`: the sparsest within one standard error of the best mean in the family that the verdict speaks for;
#'   `"average"`: the mean of the best settings of all families, which predicts better than any one of them.
#' @param features of the average: so many features are left, those that are largest over the tasks, each in every task where it is not small; intercepts are fitted again.
#' @param ... not used.
#' @return `refit()`: a fit of class `sparse_mtl`, or `sparse_mtl_average`. `plot()` and `print()`: `x`, invisibly.
#'   `autoplot()`: a ggplot object.
#' @name cv_dial
#' @examplesIf sparsekin::core_available()
#' cv <- cv_sparse_mtl(mpg ~ wt + hp + qsec + drat, data = mtcars, task = "am", folds = 4, rng = 1)
#' cv$verdict
#' cv$families
#' refit(cv, "average")
NULL

#' @rdname cv_dial
#' @method refit cv_dial
#' @export
refit.cv_dial <- function(object, which = c("best", "1se", "average"), features = NULL, ...) {
  which <- check_choice(first(which), "which", c("best", "1se", "average"))
  if (!is.null(features) && which != "average") stop_sparsekin("features is for which = \"average\"; a fit has the size that `s` allows.", class = "sparsekin_OptionError")
  found <- call_core("refit_dial", list(
    data = core_data(object$design, object$scale), options = object$options, state = object$state,
    dial = object$dial, which = which, features = features
  ))
  if (which == "average") {
    return(chosen_by(new_sparse_mtl_average(found, object$design, object$scale, object$call), match.call()))
  }
  at <- if (which == "best") object$best else object$best_1se
  setting <- as.list(object$table[at, c("s", "lambda_1", "lambda_2", "lambda_z")])
  shared <- list(support = dial_support(object, at), task_weights = object$options$task_weights)
  options <- c(setting, shared, object$options["effort"])
  call <- call_of_choice(object$call, "sparse_mtl", c(setting, shared, list(standardize = object$scale$standardize)))
  chosen_by(new_sparse_mtl(found, object$design, object$scale, c(options, dial = TRUE), call), match.call())
}

# Supports of a fit at a row of the table.
dial_support <- function(cv, at) {
  row <- cv$table[at, ]
  if (identical(row$family, "separate")) return("independent")
  if (identical(row$supports, "pooled") && is.finite(row$lambda_2)) "common" else "heterogeneous"
}

#' @rdname cv_dial
#' @export
print.cv_dial <- function(x, ...) {
  NextMethod()
  cat("\n", paste(strwrap(x$verdict, 79L), collapse = "\n"), "\n\n", sep = "")
  print(dial_families(x), digits = 3L)
  cat("\nEach family is judged by the mean of its best settings (averaged: how many); refit(which = \"average\") is that mean.\n")
  invisible(x)
}

dial_families <- function(x) {
  shown <- x$families[c("settings", "averaged", "mean", "std_error", "difference", "difference_se")]
  rownames(shown) <- x$families$family
  shown
}

#' @rdname cv_dial
#' @export
plot.cv_dial <- function(x, ...) {
  curves <- dial_curves(x)
  dots <- dial_dots(x)
  limits <- dial_limits(x, curves)
  null <- x$table$mean[nrow(x$table)]
  before <- open_figure()
  on.exit(graphics::par(before))
  key <- make_key(c(dots$family, if (null >= limits[1L] && null <= limits[2L]) "null"))
  margins <- label_margins(top = 2, least = c(4.5, 4.5, 1, key_lines(key)))
  graphics::par(mar = with_note(margins, dial_title(x)))
  graphics::plot(range(curves$s), limits, type = "n", log = "x", xlab = "", ylab = "", xaxt = "n", bty = "l")
  title_axes(axis_title("s"), cv_title(x$metric))
  note_above(dial_title(x))
  sizes <- sort(unique(curves$s))
  lower_axis(sizes, format(sizes, trim = TRUE))
  for (name in unique(curves$family)) {
    own <- curves[curves$family == name, ]
    thick <- if (name == dial_chosen(x)) 3 else 1.3
    graphics::lines(own$s, own$mean, col = dial_colours[[name]], lty = dial_types[[name]], lwd = thick)
  }
  graphics::segments(dots$s, dots$low, dots$s, dots$high, col = dial_colours[dots$family])
  graphics::points(dots$s, dots$mean, pch = 19, cex = ifelse(dots$family == dial_chosen(x), 1.6, 1), col = dial_colours[dots$family])
  graphics::abline(h = null, lty = 3L, col = "grey40")
  draw_key_at(key, list(col = c(dial_colours[dots$family], "grey40"), lty = c(dial_types[dots$family], 3L)))
  invisible(x)
}

#' @rdname cv_dial
#' @exportS3Method ggplot2::autoplot
autoplot.cv_dial <- function(object, ...) {
  curves <- dial_curves(object)
  ggplot2::ggplot(curves, ggplot2::aes(.data[["s"]], .data[["mean"]], colour = .data[["family"]])) +
    ggplot2::geom_hline(yintercept = object$table$mean[nrow(object$table)], linetype = "dotted", colour = "grey40") +
    ggplot2::geom_line() +
    ggplot2::geom_pointrange(ggplot2::aes(ymin = .data[["low"]], ymax = .data[["high"]]), data = dial_dots(object)) +
    ggplot2::scale_x_log10(breaks = sort(unique(curves$s)), minor_breaks = NULL) +
    ggplot2::scale_colour_manual(values = dial_colours, breaks = names(dial_colours)) +
    ggplot2::coord_cartesian(ylim = dial_limits(object, curves)) +
    ggplot2::labs(x = axis_title("s"), y = cv_title(object$metric), colour = NULL, title = dial_title(object)) +
    title_from_left()
}

dial_colours <- c(pool = "#1b6ca8", share = "#c0392b", separate = "#4d4d4d")

dial_types <- c(pool = 1L, share = 1L, separate = 5L)

dial_title <- function(x) paste0("Chosen: ", dial_chosen(x), "; dots: means of the best settings")

dial_chosen <- function(x) x$families$family[x$families$chosen]

# The best mean of each family at each size.
dial_curves <- function(x) {
  found <- x$table[-nrow(x$table), ]
  best <- if (more_is_better(x$metric)) max else min
  curves <- stats::aggregate(mean ~ s + family, found, best)
  curves[order(match(curves$family, names(dial_colours)), curves$s), ]
}

# The mean of the best settings of each family, at their mean number of features.
dial_dots <- function(x) {
  found <- x$families
  data.frame(
    family = found$family, s = pmax(found$selected, 0.8), mean = found$mean, low = found$mean - found$std_error,
    high = found$mean + found$std_error
  )
}

# The better half of the curves: a family far behind would press the others flat.
dial_limits <- function(x, curves) {
  dots <- dial_dots(x)
  values <- c(curves$mean, dots$low, dots$high)
  if (more_is_better(x$metric)) return(c(max(min(values), stats::median(values) - 2 * diff(range(dots$mean))), max(values)))
  least <- min(curves$mean)
  c(min(values), min(max(values), least + 4 * max(stats::median(values) - least, 0.05 * least)))
}
