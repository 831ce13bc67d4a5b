#' Curves of a multi-task highly adaptive lasso
#'
#' The main effect of each variable, a line per task, drawn with mean 0 over the rows of the fit; ticks show where rows
#' are. With `pair`, what only two variables together move, as a map per task.
#'
#' @param x,object a fit of [mt_hal()].
#' @param variables which; by default those with a main effect, the largest share of the variation first, at most six.
#' @param pair two variables, instead of main effects.
#' @param ... not used.
#' @return `plot()`: `x`, invisibly. `autoplot()`, when 'ggplot2' is installed: a ggplot object.
#' @examplesIf sparsekin::core_available()
#' fit <- mt_hal(mpg ~ h(wt) + h(hp) + h(wt, hp), data = mtcars, task = "am", lambda = 0.1)
#' plot(fit)
#' plot(fit, pair = c("wt", "hp"))
#' @export
plot.mt_hal <- function(x, variables = NULL, pair = NULL, ...) {
  if (!is.null(pair)) draw_pair(x, check_pair(pair)) else draw_curves(x, variables)
  invisible(x)
}

draw_curves <- function(fit, variables) {
  variables <- if (is.null(variables)) main_effects(fit) else variables
  if (!length(variables)) {
    graphics::plot.new()
    return(graphics::title("No main effect is selected"))
  }
  before <- open_panels(length(variables), if (length(fit$tasks) > 1L) task_key(fit))
  on.exit(graphics::par(before))
  table <- curve_table(fit, variables)
  colours <- line_colours(length(fit$tasks))
  for (name in variables) draw_curve(fit, name, table[table$variable == name, ], range(table$effect), colours)
  if (length(fit$tasks) > 1L) draw_key_of(fit, colours)
}

draw_curve <- function(fit, name, table, limits, colours) {
  graphics::plot(range(table$value), limits, type = "n", xlab = name, ylab = "", bty = "l")
  graphics::mtext(paste("effect on", outcome_name(fit)), side = 2L, line = 2.6, cex = graphics::par("cex"))
  graphics::abline(h = 0, col = "grey85")
  graphics::rug(rug_values(fit$design$x[, name]), col = "grey60", ticksize = 0.02)
  for (k in seq_along(fit$tasks)) {
    own <- table[table$task == fit$tasks[k], ]
    graphics::lines(own$value, own$effect, col = colours[k], lwd = 2)
  }
}

# Panels in at most three columns, and room for the key on the right.
open_panels <- function(n, key = NULL) {
  columns <- if (n == 4L) 2L else min(n, 3L)
  wide <- if (is.null(key)) 0.5 else 0.5 * max(nchar(key)) + 4
  graphics::par(
    mfrow = c(ceiling(n / columns), columns), mar = c(4.2, 4.2, 1.5, 0.8), oma = c(0, 0, 0, wide), mgp = c(2.4, 0.8, 0)
  )
}

task_key <- function(fit) c(task_title(fit), fit$tasks[seq_len(min(length(fit$tasks), many_tasks))])

task_title <- function(fit) if (is.null(fit$design$task_name)) "outcome" else fit$design$task_name

# In the outer margin.
draw_key_of <- function(fit, colours) {
  shown <- seq_len(min(length(fit$tasks), many_tasks))
  before <- graphics::par(mfrow = c(1, 1), oma = c(0, 0, 0, 0), mar = c(0, 0, 0, 0), fig = c(0, 1, 0, 1), new = TRUE)
  on.exit(graphics::par(before))
  graphics::plot.new()
  more <- length(fit$tasks) - length(shown)
  graphics::legend(
    "topright", c(fit$tasks[shown], if (more > 0L) paste("and", more, "more")), lwd = 2, bty = "n", cex = 0.9,
    col = c(colours[shown], if (more > 0L) NA), title = task_title(fit)
  )
}

draw_pair <- function(fit, pair) {
  table <- pair_table(fit, pair)
  limit <- max(abs(table$effect), 1e-12)
  before <- open_panels(length(fit$tasks), strrep("m", 7L))
  on.exit(graphics::par(before))
  for (task in fit$tasks) {
    own <- table[table$task == task, ]
    across <- unique(own$first)
    up <- unique(own$second)
    graphics::image(
      across, up, matrix(own$effect, length(across)), zlim = c(-limit, limit), col = diverging(), xlab = pair[1L],
      ylab = pair[2L], main = task, cex.main = 1, font.main = 1
    )
    graphics::box(col = "grey60")
  }
  draw_map_key(limit)
}

draw_map_key <- function(limit) {
  before <- graphics::par(
    mfrow = c(1, 1), oma = c(0, 0, 0, 0), mar = c(0, 0, 0, 0), fig = c(0.91, 0.94, 0.2, 0.8), new = TRUE
  )
  on.exit(graphics::par(before))
  edges <- seq(-limit, limit, length.out = 101L)
  graphics::image(1, edges, matrix(edges, 1L), col = diverging(), axes = FALSE, xlab = "", ylab = "")
  graphics::axis(4L, las = 1L, cex.axis = 0.8)
  graphics::mtext("effect of both", side = 3L, line = 0.5, cex = 0.7)
}

#' Curves of a path or a cross-validation of the highly adaptive lasso
#'
#' A path: the variation of the functions with each variable over lambda, mean over tasks. A cross-validation: the error on
#' held-out rows over lambda, with bars of one standard error; a dot marks the best lambda, a ring the choice of the
#' one-standard-error rule, and the numbers of functions selected stand on top. Where several `l1_ratio` were judged, the
#' others are thin lines.
#'
#' @param x,object a path of [path_mt_hal()] or a cross-validation of [cv_mt_hal()].
#' @param ... not used.
#' @return `plot()`: `x`, invisibly. `autoplot()`, when 'ggplot2' is installed: a ggplot object.
#' @export
plot.path_mt_hal <- function(x, ...) {
  heights <- t(x$variation)
  heights <- heights[order(-heights[, ncol(heights)]), , drop = FALSE]
  named <- utils::head(rownames(heights), hal_named)
  before <- graphics::par(mar = c(4.5, 4.5, 1.5, 9))
  on.exit(graphics::par(before))
  lambda_frame(x$table$lambda, c(0, max(heights, 1e-12)), "variation, mean over tasks")
  colours <- line_colours(length(named))
  for (j in rev(seq_len(nrow(heights)))) {
    shown <- j <= length(named)
    graphics::lines(x$table$lambda, heights[j, ], col = if (shown) colours[j] else "grey70", lwd = if (shown) 2 else 1)
  }
  if (length(named)) {
    at <- 10^graphics::par("usr")[2L]
    graphics::legend(at, graphics::par("usr")[4L], named, col = colours, lwd = 2, bty = "n", xpd = NA, cex = 0.85)
  }
  invisible(x)
}

lambda_frame <- function(lambda, heights, title) {
  graphics::plot(
    range(lambda), heights, type = "n", log = "x", bty = "l", xlab = "lambda (few functions on the right)", ylab = title
  )
}

#' @rdname plot.path_mt_hal
#' @export
plot.cv_mt_hal <- function(x, ...) {
  shown <- x$table[!is.na(x$table$mean), ]
  before <- graphics::par(mar = c(4.5, 4.5, 3.5, 1))
  on.exit(graphics::par(before))
  limits <- range(shown$mean - shown$std_error, shown$mean + shown$std_error, na.rm = TRUE)
  lambda_frame(shown$lambda, limits, paste(hal_error(x), "on held-out rows"))
  own <- shown$l1_ratio == x$table$l1_ratio[x$best]
  others <- split(shown[!own, ], shown$l1_ratio[!own])
  for (i in seq_along(others)) graphics::lines(others[[i]]$lambda, others[[i]]$mean, col = "grey55", lty = i + 1L)
  shown <- shown[own, ]
  if (length(others)) ratio_key(shown$l1_ratio[1L], names(others))
  graphics::lines(shown$lambda, shown$mean, col = "grey30", lwd = 2)
  bars <- shown[!is.na(shown$std_error) & shown$std_error > 0, ]
  graphics::segments(bars$lambda, bars$mean - bars$std_error, bars$lambda, bars$mean + bars$std_error, col = "grey65")
  chosen <- x$table[c(x$best, x$best_1se), ]
  graphics::points(chosen$lambda, chosen$mean, pch = c(19, 1), col = "firebrick", cex = c(1.2, 1.8), lwd = 2)
  keep <- unique(round(seq(1, nrow(shown), length.out = min(nrow(shown), 10L))))
  graphics::axis(3L, shown$lambda[keep], round(shown$selected[keep]), tick = FALSE, cex.axis = 0.8)
  graphics::mtext("functions selected", side = 3L, line = 2.2, cex = 0.8)
  invisible(x)
}

# Which line is which l1_ratio.
ratio_key <- function(own, others) {
  graphics::legend(
    "top", paste("l1_ratio", c(own, others)), col = c("grey30", rep("grey55", length(others))),
    lwd = c(2, rep(1, length(others))), lty = seq_len(length(others) + 1L), bty = "n", cex = 0.85
  )
}
