# Many lines told apart: colour and line type, and a key beside the picture that is as long as it fits.

most_lines <- 20L

# Colours, line types and points of n lines.
line_styles <- function(n) {
  at <- seq_len(n) - 1L
  far <- c(1L, 4L, 7L, 10L, 3L, 6L, 9L, 2L, 5L, 8L) # neighbours in the list are none in the circle of colours
  list(col = line_colours(10L)[far][at %% 10L + 1L], lty = c(1L, 5L, 3L, 4L)[at %/% 10L %% 4L + 1L], pch = c(19L, 17L, 15L, 4L)[at %/% 10L %% 4L + 1L])
}

line_colours <- function(n) grDevices::hcl.colors(max(n, 1L), "Dark 3")[seq_len(n)]

# Positions of those with a style of their own, the largest, in their order.
told_apart <- function(sizes, most = most_lines) sort(utils::head(order(-sizes), most))

# What a key says: names that fit beside a picture, and how many are left out. `height` in inches.
make_key <- function(names, title = "", more = 0L, share = 0.35, height = graphics::par("fin")[2L]) {
  title <- drawable(title)
  room <- max(floor(height / (0.8 * 1.15 * graphics::par("csi"))) - 2L, 2L)
  if (length(names) + (more > 0L) > room) {
    more <- as.integer(more + length(names) - (room - 1L))
    names <- utils::head(names, room - 1L)
  }
  title <- if (nzchar(title)) cut_middle(title, 20L) else ""
  list(names = fit_labels(names, share), more = more, title = title)
}

key_text <- function(key) c(key$names, if (key$more > 0L) paste("and", key$more, "more"))

# Lines of margin a key needs.
key_lines <- function(key) max(label_lines(key_text(key)) + 2.6, label_lines(key$title) + 1)

# Beside the axes, or with `x` and `y` anywhere.
draw_key_at <- function(key, styles, points = FALSE, x = graphics::par("usr")[2L], y = graphics::par("usr")[4L]) {
  n <- length(key$names)
  more <- key$more > 0L
  if (graphics::par("xlog")) x <- 10^x
  graphics::legend(
    x, y, key_text(key), col = c(styles$col[seq_len(n)], if (more) "grey75"), bty = "n", cex = 0.8, xpd = NA, seg.len = 1.6,
    lty = if (points) 0L else c(styles$lty[seq_len(n)], if (more) 1L), lwd = c(rep(2, n), if (more) 1),
    pch = if (points) c(styles$pch[seq_len(n)], if (more) 19L) else given_or(styles$marks, NA), title = if (nzchar(key$title)) key$title, title.adj = 0.1,
    x.intersp = 0.7, y.intersp = 1
  )
}

# Descending heights at least one line apart, and within c(low, high).
apart <- function(heights, least, limits = c(-Inf, Inf)) {
  wanted <- heights
  for (i in seq_along(heights)[-1L]) heights[i] <- min(heights[i], heights[i - 1L] - least)
  n <- length(heights)
  if (n && heights[n] < limits[1L]) {
    heights <- heights + limits[1L] - heights[n]
    for (i in rev(seq_len(n - 1L))) heights[i] <- max(min(heights[i], wanted[i]), heights[i + 1L] + least)
  }
  heights
}
