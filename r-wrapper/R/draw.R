# Base graphics of curves.

draw_path <- function(curves, kind, max_labels) {
  scale <- parameter_axis(curves$values, curves$x)
  at <- scale$place(curves$values)
  named <- top_features(curves$heights, max_labels)
  before <- graphics::par(mar = c(4.5, 4.5, 2.5, 8))
  on.exit(graphics::par(before))
  high <- max(curves$heights, 1e-12)
  graphics::plot(
    range(at), c(0, high), type = "n", xaxt = "n", yaxt = "n", xlab = axis_title(curves$x), ylab = curve_title(kind), bty = "l",
    main = curves$held, cex.main = 0.9, font.main = 1
  )
  graphics::axis(1L, scale$at, scale$labels)
  graphics::axis(2L, if (kind == "tasks") unique(round(pretty(c(0, high)))))
  colours <- stats::setNames(line_colours(length(named)), named)
  if (kind == "tasks") curves$heights <- lifted(curves$heights, named)
  for (name in rev(rownames(curves$heights))) {
    colour <- if (name %in% named) colours[[name]] else "grey70"
    graphics::lines(at, curves$heights[name, ], col = colour, lwd = if (name %in% named) 2 else 1, type = "o", cex = 0.4)
  }
  if (!length(named)) return(invisible())
  ends <- curves$heights[named, ncol(curves$heights)]
  graphics::text(
    graphics::par("usr")[2L], apart(ends, 0.05 * high), named, adj = c(0, 0.5), col = colours, cex = 0.8, xpd = NA
  )
}

# The features highest at the right end, then anywhere.
top_features <- function(heights, most) {
  last <- heights[, ncol(heights)]
  rank <- order(-last, -apply(heights, 1L, max))
  utils::head(rownames(heights)[rank][last[rank] > 0], most)
}

# Counts moved a little, so that equal ones stay visible side by side.
lifted <- function(heights, named) {
  lift <- seq(0.1, -0.1, length.out = length(named))
  heights[named, ] <- heights[named, , drop = FALSE] + lift * (heights[named, , drop = FALSE] > 0)
  heights
}

line_colours <- function(n) grDevices::hcl.colors(max(n, 1L), "Dark 3")[seq_len(n)]

# Descending heights moved apart so that labels do not overlap.
apart <- function(heights, least) {
  for (i in seq_along(heights)[-1L]) heights[i] <- min(heights[i], heights[i - 1L] - least)
  heights
}

draw_cv <- function(curves, cv) {
  shown <- curves$table
  scale <- parameter_axis(shown[[curves$x]], curves$x)
  shown$at <- scale$place(shown[[curves$x]])
  lines <- split(shown, shown$line)
  colours <- stats::setNames(grDevices::hcl.colors(length(lines) + 1L, "viridis")[seq_along(lines)], names(lines))
  best <- shown[shown$row == curves$central, ]
  before <- graphics::par(mar = c(4.5, 4.5, if (is.null(curves$lines)) 3.5 else 1, if (is.null(curves$lines)) 1 else 7))
  on.exit(graphics::par(before))
  limits <- cv_limits(curves, cv$metric)
  graphics::plot(
    range(shown$at), limits, type = "n", ylim = limits, xaxt = "n", bty = "l",
    xlab = axis_title(curves$x), ylab = cv_title(cv$metric)
  )
  graphics::axis(1L, scale$at, scale$labels)
  for (name in names(lines)) {
    chosen <- lines[[name]]$line[1L] == best$line
    graphics::lines(lines[[name]]$at, lines[[name]]$mean, col = colours[[name]], lwd = if (chosen) 2.5 else 1.2)
    if (chosen) draw_errors(lines[[name]], colours[[name]])
  }
  graphics::abline(h = curves$null, lty = 3L, col = "grey40")
  mark_choices(shown, cv)
  if (is.null(curves$lines)) sizes_on_top(shown) else line_legend(curves$lines, colours)
}

draw_errors <- function(line, colour) {
  there <- line[!is.na(line$std_error) & line$std_error > 0, ]
  graphics::arrows(
    there$at, there$mean - there$std_error, there$at, there$mean + there$std_error, angle = 90, code = 3,
    length = 0.03, col = colour
  )
}

mark_choices <- function(shown, cv) {
  best <- shown[shown$row == cv$best, ]
  sparse <- shown[shown$row == cv$best_1se, ]
  graphics::points(best$at, best$mean, pch = 19, col = "firebrick", cex = 1.2)
  graphics::points(sparse$at, sparse$mean, pch = 1, col = "firebrick", cex = 1.8, lwd = 2)
}

sizes_on_top <- function(shown) {
  keep <- unique(round(seq(1, nrow(shown), length.out = min(nrow(shown), 12L))))
  graphics::axis(3L, shown$at[keep], format(shown$selected[keep], digits = 3L), tick = FALSE, cex.axis = 0.8)
  graphics::mtext("features selected per task", side = 3L, line = 2.2, cex = 0.8)
}

line_legend <- function(title, colours) {
  at <- graphics::par("usr")
  graphics::legend(
    at[2L], at[4L], legend = format(as.numeric(names(colours)), digits = 3L), col = colours, lwd = 2, bty = "n",
    title = title, xpd = NA, cex = 0.8
  )
}
