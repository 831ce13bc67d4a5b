# Base graphics of curves.

draw_path <- function(curves, kind, max_labels) {
  if (!length(curves$values)) return(say_nothing("No setting was solved before the interrupt"))
  if (!nrow(curves$heights)) return(say_nothing("No feature is selected"))
  scale <- parameter_axis(curves$values, curves$x)
  at <- scale$place(curves$values)
  before <- open_figure()
  on.exit(graphics::par(before))
  line <- 0.9 * graphics::par("csi")
  room <- floor((graphics::par("fin")[2L] - 6.5 * graphics::par("csi")) / line)
  named <- top_features(curves$heights, min(max_labels, max(room, 1L)))
  labels <- fit_labels(named)
  graphics::par(mar = with_note(label_margins(right = labels, top = 2), curves$held))
  if (kind == "tasks") curves$heights <- lifted(curves$heights, named)
  high <- max(curves$heights, 1e-12)
  graphics::plot(
    range(at), c(0, high), type = "n", xaxt = "n", yaxt = "n", xlab = "", ylab = "", bty = "l"
  )
  title_axes(axis_title(curves$x), curve_title(kind))
  note_above(curves$held)
  lower_axis(scale$at, scale$labels)
  graphics::axis(2L, if (kind == "tasks") unique(round(pretty(c(0, high)))))
  styles <- line_styles(length(named))
  for (name in rev(rownames(curves$heights))) {
    own <- match(name, named)
    graphics::lines(
      at, curves$heights[name, ], col = if (is.na(own)) "grey75" else styles$col[own], lwd = if (is.na(own)) 1 else 2,
      lty = if (is.na(own)) 1L else styles$lty[own], type = "o", cex = 0.4
    )
  }
  name_ends(labels, curves$heights[named, ncol(curves$heights)], styles$col)
}

# Names at the right end of lines, moved apart.
name_ends <- function(labels, heights, colours) {
  if (!length(labels)) return(invisible())
  usr <- graphics::par("usr")
  least <- 0.9 * graphics::par("csi") / graphics::par("pin")[2L] * (usr[4L] - usr[3L])
  graphics::text(usr[2L], apart(heights, least, usr[3:4]), labels, adj = c(0, 0.5), col = colours, cex = 0.8, xpd = NA)
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

draw_cv <- function(curves, cv) {
  shown <- curves$table
  scale <- parameter_axis(shown[[curves$x]], curves$x)
  shown$at <- scale$place(shown[[curves$x]])
  lines <- split(shown, shown$line)
  colours <- stats::setNames(grDevices::hcl.colors(length(lines) + 1L, "viridis")[seq_along(lines)], names(lines))
  best <- shown[shown$row == curves$central, ]
  before <- open_figure()
  on.exit(graphics::par(before))
  single <- is.null(curves$lines)
  limits <- cv_limits(curves, cv$metric)
  values <- paste0(format(as.numeric(names(lines)), digits = 3L), say_outside(shown, limits))
  key <- make_key(c(if (!single) values, "best", "one s.e."), if (single) "" else curves$lines)
  margins <- label_margins(top = if (single) 4.5 else 2, least = c(4.5, 4.5, 1, key_lines(key)))
  graphics::par(mar = if (single) margins else with_note(margins, curves$held))
  graphics::plot(
    range(shown$at), limits, type = "n", ylim = limits, xaxt = "n", bty = "l", xlab = "", ylab = ""
  )
  title_axes(axis_title(curves$x), cv_title(cv$metric))
  lower_axis(scale$at, scale$labels)
  note_above(curves$held, if (single) 3.3 else 0.3)
  for (name in names(lines)) {
    chosen <- lines[[name]]$line[1L] == best$line
    graphics::lines(lines[[name]]$at, lines[[name]]$mean, col = colours[[name]], lwd = if (chosen) 2.5 else 1.2)
    if (chosen) draw_errors(lines[[name]], colours[[name]])
  }
  graphics::abline(h = curves$null, lty = 3L, col = "grey40")
  mark_choices(shown, cv)
  if (single) sizes_on_top(shown)
  draw_cv_key(key, if (!single) colours)
}

draw_cv_key <- function(key, colours) {
  n <- length(colours)
  graphics::legend(
    graphics::par("usr")[2L], graphics::par("usr")[4L], key_text(key), col = c(colours, rep("firebrick", 2L)), bty = "n", cex = 0.8,
    lty = c(rep(1L, n), 0L, 0L), lwd = 2, pch = c(rep(NA, n), 19L, 1L), seg.len = 1.6, xpd = NA, x.intersp = 0.7,
    title = if (nzchar(key$title)) key$title, title.adj = 0.1
  )
}

draw_errors <- function(line, colour) {
  there <- line[!is.na(line$std_error) & line$std_error > 0, ]
  graphics::segments(there$at, there$mean - there$std_error, there$at, there$mean + there$std_error, col = colour)
  graphics::points(rep(there$at, 2L), c(there$mean - there$std_error, there$mean + there$std_error), pch = "-", col = colour)
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
  graphics::mtext("features selected per task", side = 3L, line = 2.2, cex = 0.8 * graphics::par("cex"))
}
