# Pictures of how well tasks are predicted, a panel per task.

calibration_colours <- c(dots = "#2b6c99", line = "#c0392b", ideal = "grey60", bars = "grey85")
third_colours <- c(low = "#2b6c99", middle = "#d18f1b", high = "#b03030")

draw_judged <- function(object, type, rows, time) {
  if (type == "calibration") draw_calibration(calibration_of(object, rows, time)) else draw_survival(survival_by_thirds(object, rows))
}

draw_calibration <- function(found) {
  smooth <- !all(vapply(found$panels, function(one) one$family == "cox", NA))
  key <- list(
    names = c("groups, 95 %", "ideal", if (smooth) "smooth"), col = unname(calibration_colours[c("dots", "ideal", if (smooth) "line")]),
    lty = c(1L, 2L, if (smooth) 1L), marks = c(19L, NA, if (smooth) NA)
  )
  draw_sheet(found, key, found$label, "observed", function(panel) {
    graphics::plot(panel$limits, panel$limits, type = "n", xlab = "", ylab = "", bty = "l")
    bars <- histogram_of(panel)
    graphics::rect(bars$left, bars$low, bars$right, bars$high, col = calibration_colours[["bars"]], border = NA)
    graphics::lines(panel$limits, panel$limits, lty = 2L, col = calibration_colours[["ideal"]])
    if (!is.null(panel$smooth)) graphics::lines(panel$smooth$x, panel$smooth$y, col = calibration_colours[["line"]], lwd = 1.5)
    inside <- function(y) pmin(pmax(y, graphics::par("usr")[3L]), graphics::par("usr")[4L])
    groups <- panel$groups
    graphics::segments(groups$predicted, inside(groups$low), groups$predicted, inside(groups$high), col = calibration_colours[["dots"]])
    graphics::points(groups$predicted, groups$observed, pch = 19L, col = calibration_colours[["dots"]])
  })
}

draw_survival <- function(found) {
  there <- thirds[thirds %in% unlist(lapply(found$panels, function(one) one$observed$group))]
  expected <- any(vapply(found$panels, function(one) !is.null(one$predicted), NA))
  key <- list(
    names = c(paste(there, "risk"), if (expected) "predicted"), col = c(unname(third_colours[there]), if (expected) "grey40"),
    lty = c(rep(1L, length(there)), if (expected) 2L), marks = NA
  )
  draw_sheet(found, key, "time", "free of the event", function(panel) {
    graphics::plot(c(0, max(panel$last, 1e-12)), c(0, 1), type = "n", xlab = "", ylab = "", bty = "l")
    for (group in unique(panel$observed$group)) {
      seen <- panel$observed[panel$observed$group == group, ]
      graphics::lines(seen$time, seen$survival, type = "s", col = third_colours[[group]], lwd = 1.5)
      means <- panel$predicted[panel$predicted$group == group, ]
      if (NROW(means)) graphics::lines(means$time, means$survival, lty = 2L, col = third_colours[[group]])
    }
  })
}

# A panel per task with its name and what is said of it above, labels at the outer edges, and the key beside them.
draw_sheet <- function(found, key, below, left, draw) {
  page <- open_panels(length(found$panels), list(names = key$names, title = found$kind, more = 0L), bottom = if (nzchar(found$note)) 2.6 else 1.5)
  on.exit(graphics::par(page$before))
  graphics::par(mar = replace(graphics::par("mar"), 3L, 2.3))
  for (panel in found$panels) {
    draw(panel)
    name_judged(panel)
  }
  name_page(page, left, below)
  draw_page_key(page, key)
  if (!page$theirs && nzchar(found$note)) graphics::mtext(found$note, 1L, 1.4, outer = TRUE, cex = 0.7, adj = 0)
}

# The name of the task, and below it what is said of it, in shorter words where the panel is narrow.
name_judged <- function(panel) {
  room <- graphics::par("pin")[1L]
  graphics::mtext(fit_label(panel$task, room), 3L, 1.05, adj = 0, cex = 0.8 * graphics::par("cex"))
  ways <- c(panel$said, shorter_words(panel$said), sub("^.*, ", "", panel$said))
  fits <- which(graphics::strwidth(ways, units = "inches", cex = 0.75) <= room)
  if (length(fits)) graphics::mtext(ways[fits[1L]], 3L, 0.15, adj = 0, cex = 0.75 * graphics::par("cex"))
}

gg_judged <- function(object, type, rows, time) {
  if (type == "calibration") gg_calibration(calibration_of(object, rows, time)) else gg_survival(survival_by_thirds(object, rows))
}

# The rows of all panels in one data frame, with the task.
of_panels <- function(panels, part) {
  tasks <- vapply(panels, `[[`, "", "task")
  out <- lapply(panels, function(panel) {
    rows <- part(panel)
    if (NROW(rows)) data.frame(task = factor(panel$task, tasks), rows)
  })
  do.call(rbind, out)
}

# Names above panels with what is said of each, in shorter words and smaller letters where panels are many.
judged_names <- function(panels) {
  said <- vapply(panels, `[[`, "", "said")
  if (length(panels) > 4L) said <- shorter_words(said)
  names(said) <- vapply(panels, `[[`, "", "task")
  most <- max(12L, 60L %/% ceiling(sqrt(length(panels))))
  ggplot2::as_labeller(function(tasks) paste0(short_names(tasks, most), "\n", said[tasks]))
}

shorter_words <- function(said) sub("slope", "sl.", sub("intercept", "int.", said))

small_names <- function(panels) ggplot2::theme(strip.text = ggplot2::element_text(size = if (length(panels) > 4L) 7 else 9))

gg_calibration <- function(found) {
  panels <- found$panels
  frame <- of_panels(panels, function(one) data.frame(x = one$limits, y = one$limits))
  smooth <- of_panels(panels, function(one) one$smooth)
  groups <- of_panels(panels, function(one) {
    transform(one$groups, low = pmax(one$groups$low, one$limits[1L]), high = pmin(one$groups$high, one$limits[2L]))
  })
  out <- ggplot2::ggplot(frame, ggplot2::aes(.data[["x"]], .data[["y"]])) +
    ggplot2::geom_rect(
      ggplot2::aes(xmin = .data[["left"]], xmax = .data[["right"]], ymin = .data[["low"]], ymax = .data[["high"]]),
      data = of_panels(panels, histogram_of), inherit.aes = FALSE, fill = calibration_colours[["bars"]]
    ) +
    ggplot2::geom_line(linetype = "dashed", colour = calibration_colours[["ideal"]])
  if (!is.null(smooth)) out <- out + ggplot2::geom_line(data = smooth, colour = calibration_colours[["line"]])
  out +
    ggplot2::geom_pointrange(
      ggplot2::aes(x = .data[["predicted"]], y = .data[["observed"]], ymin = .data[["low"]], ymax = .data[["high"]]), data = groups,
      inherit.aes = FALSE, colour = calibration_colours[["dots"]], size = 0.3, na.rm = TRUE
    ) +
    ggplot2::facet_wrap("task", scales = if (length(unique(vapply(panels, `[[`, "", "family"))) > 1L) "free" else "fixed", labeller = judged_names(panels)) +
    small_names(panels) +
    ggplot2::labs(x = found$label, y = "observed", subtitle = subtitle_of(found), caption = if (nzchar(found$note)) found$note)
}

subtitle_of <- function(found) paste0(toupper(substr(found$kind, 1L, 1L)), substring(found$kind, 2L))

gg_survival <- function(found) {
  seen <- of_panels(found$panels, function(one) one$observed)
  expected <- of_panels(found$panels, function(one) one$predicted)
  kinds <- c("observed", "predicted")
  seen$kind <- factor("observed", kinds)
  seen$group <- factor(seen$group, thirds)
  out <- ggplot2::ggplot(seen, ggplot2::aes(.data[["time"]], .data[["survival"]], colour = .data[["group"]], linetype = .data[["kind"]])) +
    ggplot2::geom_step()
  if (!is.null(expected)) {
    expected$kind <- factor("predicted", kinds)
    out <- out + ggplot2::geom_line(data = expected)
  }
  out +
    ggplot2::facet_wrap("task", scales = "free_x", labeller = judged_names(found$panels)) +
    small_names(found$panels) +
    ggplot2::scale_colour_manual(values = third_colours, breaks = thirds, name = "predicted risk") +
    ggplot2::scale_linetype_manual(values = c(observed = "solid", predicted = "dashed"), name = NULL) +
    ggplot2::coord_cartesian(ylim = c(0, 1)) +
    ggplot2::labs(x = "time", y = "free of the event", subtitle = subtitle_of(found), caption = if (nzchar(found$note)) found$note)
}
