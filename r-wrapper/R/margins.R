# Room for labels, measured on the device; what would leave less than half of it for the picture is cut in the middle, for names
# differ at their ends.

# c(bottom, left, top, right) lines, for labels at cex 0.8.
label_margins <- function(bottom = NULL, left = NULL, top = 2, right = NULL, least = c(4.5, 4.5, 1, 1)) {
  graphics::plot.new()
  graphics::par(new = TRUE)
  lines <- function(labels, side) if (is.null(labels)) least[side] else label_lines(labels) + 1.5
  c(lines(bottom, 1L), lines(left, 2L), max(top, least[3L]), lines(right, 4L))
}

label_lines <- function(labels) {
  max(graphics::strwidth(labels, units = "inches", cex = 0.8), 0) / graphics::par("csi")
}

# Labels no wider than `share` of the device along its width (or its height, for those that stand upright), and still distinct.
fit_labels <- function(labels, share = 0.45, upright = FALSE) {
  graphics::plot.new()
  graphics::par(new = TRUE)
  room <- share * graphics::par("din")[if (upright) 2L else 1L]
  width <- function(text) graphics::strwidth(text, units = "inches", cex = 0.8)
  most <- max(nchar(labels), 0L)
  short <- labels
  while (most > 5L && any(width(short) > room)) {
    most <- most - 1L
    short <- cut_middle(labels, most)
  }
  if (anyDuplicated(short) > anyDuplicated(labels)) make.unique(short, " #") else short
}

cut_middle <- function(text, most) {
  long <- nchar(text) > most
  head <- (most - 1L) %/% 2L
  tail <- most - 1L - head
  text[long] <- paste0(
    substr(text[long], 1L, head), "\u2026", substr(text[long], nchar(text[long]) - tail + 1L, nchar(text[long]))
  )
  text
}
