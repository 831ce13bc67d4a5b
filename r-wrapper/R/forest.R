# A forest: the slopes of one feature in all tasks, from rows that did not choose it.

# A list: rows, a data frame with a row per task: label, slope, low, high, chosen (the fit selects the feature), n; middle as of
# mean_of_forest() or NULL, line where an upright one stands or NULL, title a sentence, axis.
forest_of <- function(object, term, level) {
  found <- half_samples(object, "plot(type = \"forest\")")
  if (is.null(term) || length(term) != 1L || !term %in% rownames(object$support)) {
    stop_sparsekin(
      "term must be the name of one candidate, such as \"", rownames(object$support)[1L], "\"",
      if (length(term)) paste0(", not ", shorten(deparse1(term), 40L)), ".", suggest_one(term, rownames(object$support)),
      class = "sparsekin_OptionError"
    )
  }
  share <- found$frequency_any[[term]]
  if (!term %in% rownames(found$slope)) {
    stop_sparsekin(
      "'", term, "' was chosen by ", round(100 * share), " % of the half-samples, too few to estimate its slopes.",
      class = "sparsekin_OptionError"
    )
  }
  ends <- held_out_ends(found, level)
  borrowed <- cell_status(object)[term, ] == "borrowed"
  together <- compare_slopes(term, found$slope[term, ], found$se[term, ], found$df[term, ])
  list(
    rows = data.frame(
      label = paste0(object$tasks, sprintf(" (%.2f", found$frequency[term, ]), ifelse(borrowed, ", borrowed)", ")")),
      slope = found$slope[term, ], low = ends[term, , 1L], high = ends[term, , 2L], chosen = object$support[term, ],
      n = object$task_fit$n, row.names = object$tasks
    ),
    middle = if (!is.null(together)) mean_of_forest(together, level), line = 0, title = paste0(
      term, ": chosen by ", round(100 * share), " % of half-samples",
      if (!is.null(together)) sprintf("; I2 = %.0f %%, p of equal slopes = %.2g", 100 * together$i.squared, together$p.value)
    ),
    axis = sprintf("slope on rows that did not choose it, %g %% intervals", 100 * level)
  )
}

suggest_one <- function(name, known) if (is.character(name) && length(name) == 1L) suggest(name, known) else ""

# The mean of the tasks, and from four tasks on where the slope of another one is expected.
mean_of_forest <- function(together, level) {
  z <- stats::qnorm(0.5 + level / 2)
  half <- if (together$df > 2L) stats::qt(0.5 + level / 2, together$df - 1L) * sqrt(together$tau.squared + together$std.error^2) else NA
  list(ends = together$estimate + c(-z, 0, z) * together$std.error, other = together$estimate + c(-half, half))
}

draw_forest <- function(forest) {
  rows <- forest$rows
  at <- rev(seq_len(nrow(rows))) + 1
  middle <- forest$middle
  before <- open_figure()
  on.exit(graphics::par(before))
  labels <- fit_labels(c(rows$label, if (!is.null(middle)) "mean of tasks"))
  graphics::par(mar = with_note(label_margins(left = labels), forest$title))
  graphics::plot(
    range(forest$line, rows$slope, rows$low, rows$high, unlist(middle), na.rm = TRUE), c(0.5, nrow(rows) + 1.5), type = "n", yaxt = "n", bty = "l", xlab = "",
    ylab = ""
  )
  title_axes(forest$axis, "")
  note_above(forest$title)
  if (!is.null(forest$line)) graphics::abline(v = forest$line, col = "grey75")
  graphics::segments(rows$low, at, rows$high, at, col = forest_colour, lwd = 1.4)
  graphics::points(
    rows$slope, at, pch = 22, cex = forest_size(rows$n), col = forest_colour, bg = ifelse(rows$chosen, forest_colour, "white")
  )
  if (!is.null(middle)) {
    graphics::segments(middle$other[1L], 1, middle$other[2L], 1, col = "grey45")
    graphics::polygon(middle$ends[c(1L, 2L, 3L, 2L)], c(1, 1.2, 1, 0.8), col = "grey45", border = NA)
  }
  graphics::axis(2L, c(at, if (!is.null(middle)) 1), labels, las = 1L, tick = FALSE, cex.axis = 0.8, line = -0.5)
}

forest_colour <- "#1b6ca8"

forest_size <- function(n) 0.7 + 1.1 * sqrt(n / max(n))

gg_forest <- function(forest) {
  rows <- forest$rows
  names <- c(rows$label, if (!is.null(forest$middle)) "mean of tasks")
  rows$label <- factor(rows$label, rev(names))
  out <- ggplot2::ggplot(rows, ggplot2::aes(.data[["slope"]], .data[["label"]])) +
    (if (!is.null(forest$line)) ggplot2::geom_vline(xintercept = forest$line, colour = "grey75")) +
    ggplot2::geom_segment(
      ggplot2::aes(x = .data[["low"]], xend = .data[["high"]], yend = .data[["label"]]), colour = forest_colour, na.rm = TRUE
    ) +
    ggplot2::geom_point(
      ggplot2::aes(size = .data[["n"]], fill = .data[["chosen"]]), shape = 22, colour = forest_colour, show.legend = FALSE, na.rm = TRUE
    ) +
    ggplot2::scale_fill_manual(values = c(`TRUE` = forest_colour, `FALSE` = "white")) +
    ggplot2::scale_y_discrete(limits = rev(names), labels = function(at) short_names(at, 26L)) +
    ggplot2::scale_size_area(max_size = 4) +
    ggplot2::labs(x = forest$axis, y = NULL, title = forest$title) + title_from_left()
  middle <- forest$middle
  if (is.null(middle)) return(out)
  line <- data.frame(
    label = factor("mean of tasks", rev(names)), slope = middle$ends[2L], low = c(middle$ends[1L], middle$other[1L]),
    high = c(middle$ends[3L], middle$other[2L]), width = c(1.6, 0.5)
  )
  out + ggplot2::geom_segment(
    ggplot2::aes(x = .data[["low"]], xend = .data[["high"]], yend = .data[["label"]]), data = line, linewidth = line$width,
    colour = "grey45", na.rm = TRUE
  )
}
