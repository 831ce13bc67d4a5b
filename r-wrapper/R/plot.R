#' Picture of the supports
#'
#' A heatmap of the selected features (rows) by tasks (columns): colour is the sign and size of the standardised
#' coefficient, white where a task does not select the feature.
#'
#' With `type = "frequency"`, after [stability()], a heatmap of the share of half-samples that chose each feature, in any task and in
#' each, the most frequent first; the line is below the last that is stable (see [select_features()], at a rate of .1). A dot is in
#' the tasks whose own rows show the feature: a dark cell without one is borrowed from the other tasks.
#'
#' With `type = "forest"`, after [stability()], the slopes of one feature in all tasks, from rows that did not choose it, with
#' intervals: squares are filled where the fit selects the feature, and larger in tasks of more rows. Below them the random-effects
#' mean as a diamond and, from four tasks on, where the slope of another task is expected. Beside the tasks stands how often
#' half-samples chose the feature there, and where it is borrowed: selected, and not shown by the task's own rows.
#'
#' With `type = "calibration"` observed against predicted outcomes, a panel per task: dots are groups of about equal size from the
#' lowest to the highest predictions, with 95 % intervals of what was observed (Wilson's of shares, exact ones of counts, normal ones of
#' means, of survival times Kaplan and Meier's); the line is a local regression, bars are the histogram of predictions. With
#' `type = "survival"` Kaplan and Meier's curves of the thirds of predicted risk, and dashed the mean of the predicted curves of the same
#' rows, by the baseline hazard of the fit. Of more than 20 tasks, those with most rows are drawn.
#'
#' @param x,object a fit of [sparse_mtl()].
#' @param max_features most features shown, those selected in most tasks first; at least 1.
#' @param type `"support"`, `"frequency"`, `"forest"`, `"calibration"` or `"survival"`.
#' @param rows of `"calibration"` and `"survival"`: `"apparent"`, the rows of the fit, or those held out (`"out-of-fold"`, `"task left
#'   out"`), the default where there are any, see [hold_out()].
#' @param time of `"calibration"` of survival times: the risk of an event until then is drawn.
#' @param term the feature of a forest.
#' @param level of the intervals of a forest.
#' @param ... not used.
#' @return `plot()`: `x`, invisibly. `autoplot()`, when 'ggplot2' is installed: a ggplot object.
#' @examplesIf sparsekin::core_available()
#' plot(sparse_mtl(mpg ~ ., data = mtcars, task = "cyl", s = 3, lambda_1 = 0.1))
#' @export
plot.sparse_mtl <- function(x, max_features = 60L, type = c("support", "frequency", "forest", "calibration", "survival"), term = NULL,
                            level = 0.95, rows = NULL, time = NULL, ...) {
  type <- check_choice(first(type), "type", pictures_of_lines)
  switch(type,
    support = draw_support(x, max_features), frequency = draw_frequency(frequency_of(x, max_features)),
    forest = draw_forest(forest_of(x, term, level)), draw_judged(x, type, rows, time)
  )
  invisible(x)
}

pictures_of_lines <- c("support", "frequency", "forest", "calibration", "survival")

draw_support <- function(x, max_features) {
  values <- shown_support(x, max_features)
  if (!nrow(values)) return(say_nothing("No feature is selected in any task"))
  draw_heatmap(values, support_title(x, values), shares = shown_shares(x, values))
}

# Standardised coefficients of the features to show, NA where not selected.
shown_support <- function(x, max_features) {
  names <- utils::head(rownames(x$support)[x$ranked], max_features)
  values <- x$coef_standardized[names, , drop = FALSE]
  values[!x$support[names, , drop = FALSE]] <- NA
  values
}

# Of an average: the shares of the settings that select what is shown.
shown_shares <- function(x, values) if (!is.null(x$inclusion)) x$inclusion[rownames(values), , drop = FALSE]

support_title <- function(x, values) {
  paler <- if (!is.null(x$inclusion)) ", paler: in fewer settings"
  if (length(x$ranked) <= nrow(values)) return(paste0("Selected features", paler))
  paste0("The first ", nrow(values), " of ", length(x$ranked), " selected features", paler)
}

# How opaque cells are: those of no setting nearly white.
opacity <- function(shares) 0.15 + 0.85 * shares

# Colours of cells, mixed with white as far as they are not opaque.
cell_colours <- function(values, limit, opaque) {
  at <- 1 + round((values + limit) / (2 * limit) * 100)
  rgb <- grDevices::col2rgb(diverging()[as.vector(at)]) / 255
  grDevices::rgb(t(1 - (1 - rgb) * rep(as.vector(opaque), each = 3L)))
}

diverging <- function(n = 101L) grDevices::hcl.colors(n, "Blue-Red")

# `limits` of the colours, by default equal to both sides of 0; `over()` draws on the cells, whose centres are whole numbers.
draw_heatmap <- function(values, title = "Selected features", key = "standardised coefficient", shares = NULL, limits = NULL,
                         colours = diverging(), over = NULL) {
  limit <- max(abs(values), na.rm = TRUE)
  if (limit == 0) limit <- 1
  if (is.null(limits)) limits <- c(-limit, limit)
  m <- nrow(values)
  K <- ncol(values)
  before <- open_figure()
  on.exit(graphics::par(before))
  rows <- fit_labels(rev(rownames(values)), 0.35)
  columns <- fit_labels(colnames(values), 0.3, upright = TRUE)
  room <- graphics::par("fin")[1L] / graphics::par("csi")
  margins <- label_margins(columns, rows, 1.5, least = c(0, 0, 1, if (room > 20) 6 else if (room > 12) 3 else 0.5))
  graphics::par(mar = with_note(margins, title))
  up <- rev(seq_len(m))
  heights <- t(values[up, , drop = FALSE])
  paint <- function(z, ...) graphics::image(seq_len(K), seq_len(m), z, axes = FALSE, xlab = "", ylab = "", ...)
  if (is.null(shares)) {
    paint(heights, zlim = limits, col = colours)
  } else {
    n <- length(heights)
    colours <- cell_colours(replace(heights, is.na(heights), 0), limit, opacity(t(shares[up, , drop = FALSE])))
    paint(replace(heights, !is.na(heights), which(!is.na(heights))), col = colours, breaks = seq(0.5, n + 0.5))
  }
  note_above(title)
  graphics::box(col = "grey60")
  if (K <= 40L) graphics::abline(v = seq_len(K - 1L) + 0.5, col = "grey85")
  if (m <= 60L) graphics::abline(h = seq_len(m - 1L) + 0.5, col = "grey85")
  if (!is.null(over)) over()
  label_cells(2L, rows)
  label_cells(1L, columns)
  if (room > 12) draw_key(limits, if (room > 20) key, colours)
}

# All labels, in smaller letters where lines are close, or as many as there are lines for; those below lie flat where they fit.
label_cells <- function(side, labels) {
  cell <- graphics::par("pin")[side] / length(labels)
  flat <- side == 1L && max(graphics::strwidth(labels, units = "inches", cex = 0.8)) < 0.9 * cell
  line <- 0.9 * graphics::par("csi") # of letters of 0.8
  cex <- if (flat) 0.8 else min(0.8, max(0.5, 0.8 * cell / line))
  step <- if (flat) 1L else max(1, ceiling(line * cex / 0.8 / cell - 1e-9))
  at <- seq(1L, length(labels), by = step)
  for (i in at) graphics::axis(side, i, labels[i], las = if (flat || side == 2L) 1L else 2L, tick = FALSE, cex.axis = cex, line = -0.5)
}

# Colour key in the right margin.
draw_key <- function(limits, title, colours) {
  at <- graphics::par("usr")
  width <- (at[2L] - at[1L]) / graphics::par("pin")[1L] * graphics::par("csi")
  left <- at[2L] + 0.5 * width
  edges <- seq(at[3L], at[4L], length.out = 102L)
  graphics::rect(left, edges[-102L], left + 0.6 * width, edges[-1L], col = colours, border = NA, xpd = NA)
  ticks <- pretty(limits, 5L)
  ticks <- ticks[ticks >= limits[1L] & ticks <= limits[2L]]
  y <- at[3L] + (ticks - limits[1L]) / diff(limits) * (at[4L] - at[3L])
  graphics::text(left + 0.8 * width, y, format(ticks), adj = c(0, 0.5), cex = 0.7, xpd = NA)
  if (is.null(title) || graphics::strwidth(title, units = "inches", cex = 0.8) > graphics::par("fin")[2L]) return(invisible())
  graphics::mtext(title, side = 4L, line = 4.4, cex = 0.8 * graphics::par("cex"))
}

#' Curves of a path or a cross-validation
#'
#' A path: one curve per feature over a tuning parameter, the features with the highest curves named. A
#' cross-validation: the metric on held-out rows over `lambda_z` (or whichever parameter has most values), a line per
#' `s`, bars of one standard error on the line of the best setting; a dot marks the best setting, a ring the choice of
#' the one-standard-error rule. Other parameters are at their best values, which stand above.
#'
#' @param x,object a path of [path_sparse_mtl()] or a cross-validation of [cv_sparse_mtl()].
#' @param over the parameter on the axis: `"s"`, `"lambda_1"`, `"lambda_2"` or `"lambda_z"`; by default `lambda_z` where
#'   it varies, else the one with most values.
#' @param at a list with values of the other parameters, such as `list(s = 5)`; by default the middle one of `s` and the
#'   least of each penalty.
#' @param kind height of a curve: `"norm"`, the 2-norm over tasks of the standardised coefficients, or `"tasks"`, the
#'   number of tasks that select the feature.
#' @param max_labels most features that are named, and no more than fit beside the curves.
#' @param ... not used.
#' @return `plot()`: `x`, invisibly. `autoplot()`, when 'ggplot2' is installed: a ggplot object.
#' @examplesIf sparsekin::core_available()
#' plot(path_sparse_mtl(mpg ~ ., data = mtcars, task = "am", s = 3, lambda_1 = 0.1))
#' @export
plot.path_sparse_mtl <- function(x, over = NULL, at = list(), kind = c("norm", "tasks"), max_labels = 10L, ...) {
  kind <- check_choice(first(kind), "kind", c("norm", "tasks"))
  curves <- path_curves(x, over, at, kind)
  draw_path(curves, kind, max_labels)
  invisible(x)
}

#' @rdname plot.path_sparse_mtl
#' @export
plot.cv_sparse_mtl <- function(x, ...) {
  draw_cv(cv_curves(x), x)
  invisible(x)
}
