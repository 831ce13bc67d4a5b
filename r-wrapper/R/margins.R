# Room for labels, measured on the device in the figure that comes next (one panel of the user's layout, or all of the page). Names
# are data: long ones lose what they have in common and stay distinct.

# A new figure without margins, on which labels can be measured; what is drawn next goes into it. Returns the margins to restore.
open_figure <- function() {
  before <- graphics::par(mar = c(0, 0, 0, 0))
  graphics::plot.new()
  graphics::par(new = TRUE)
  before
}

# c(bottom, left, top, right) lines, for labels at cex 0.8.
label_margins <- function(bottom = NULL, left = NULL, top = 1, right = NULL, least = c(4.5, 4.5, 1, 1)) {
  lines <- function(labels, side) if (is.null(labels)) least[side] else label_lines(labels) + 1.5
  c(lines(bottom, 1L), lines(left, 2L), max(top, least[3L]), lines(right, 4L))
}

label_lines <- function(labels) {
  max(graphics::strwidth(labels, units = "inches", cex = 0.8), 0) / graphics::par("csi")
}

# Labels no wider than `share` of the figure along its width (or its height, for those that stand upright), and still distinct.
fit_labels <- function(labels, share = 0.4, upright = FALSE) {
  room <- share * graphics::par("fin")[if (upright) 2L else 1L]
  width <- function(text) max(graphics::strwidth(text, units = "inches", cex = 0.8), 0)
  most <- longest
  short <- short_names(labels, most)
  while (most > 8L && (wide <- width(short)) > room) {
    most <- max(8L, min(most - 1L, floor(most * room / wide)))
    short <- short_names(labels, most)
  }
  short
}

longest <- 34L # letters

# Labels of about `most` letters; distinct names have distinct labels.
short_names <- function(names, most = longest) {
  names <- drawable(as.character(names))
  whole <- unique(names)
  cut <- cut_middle(whole, most)
  for (same in alike(cut)) {
    head <- shared_letters(whole[same])
    tail <- min(shared_letters(reversed(whole[same])), min(nchar(whole[same])) - head)
    kept <- substr(whole[same], 1L, min(head, most %/% 4L))
    differs <- substr(whole[same], head + 1L, nchar(whole[same]) - tail)
    cut[same] <- paste0(kept, "...", cut_middle(differs, max(most - nchar(kept[1L]) - 3L, 5L)))
  }
  for (same in alike(cut)) cut[same] <- paste0(cut[same], " #", seq_along(same))
  cut[match(names, whole)]
}

# Positions of texts that are the same.
alike <- function(text) Filter(function(at) length(at) > 1L, split(seq_along(text), text))

shared_letters <- function(names) {
  letters <- strsplit(names, "")
  n <- min(lengths(letters))
  differ <- vapply(seq_len(n), function(i) length(unique(vapply(letters, `[`, "", i))) > 1L, NA)
  if (any(differ)) which(differ)[1L] - 1L else n
}

reversed <- function(names) vapply(strsplit(names, ""), function(one) paste(rev(one), collapse = ""), "")

cut_middle <- function(text, most) {
  long <- nchar(text) > most
  head <- (most - 3L) %/% 2L
  tail <- most - 3L - head
  text[long] <- paste0(
    substr(text[long], 1L, head), "...", substr(text[long], nchar(text[long]) - tail + 1L, nchar(text[long]))
  )
  text
}

# Letters that would break a line, or that the fonts of a pdf() device do not have, stand as their codes.
drawable <- function(names) {
  names <- enc2utf8(names)
  names <- gsub("\n", "\\n", gsub("\t", "\\t", gsub("\r", "\\r", names, fixed = TRUE), fixed = TRUE), fixed = TRUE)
  if (!names(grDevices::dev.cur()) %in% c("pdf", "postscript")) return(names)
  plain <- iconv(names, "UTF-8", "latin1", sub = "Unicode")
  plain[is.na(plain)] <- names[is.na(plain)]
  enc2utf8(plain)
}

# Words of our own above the left end of a picture, broken where they would be wider.
note_above <- function(text, line = 0.3) {
  if (!nzchar(text)) return(invisible())
  lines <- note_lines(text, graphics::par("mar")[2L])
  graphics::mtext(paste(lines, collapse = "\n"), 3L, line, adj = 0, cex = 0.8 * graphics::par("cex"))
}

# The words, broken to the width that a left margin of so many lines leaves.
note_lines <- function(text, left) {
  room <- graphics::par("fin")[1L] - left * graphics::par("csi")
  strwrap(text, max(room / graphics::strwidth("e", units = "inches", cex = 0.8), 10))
}

# `margins` with room for the words above.
with_note <- function(margins, text) {
  margins[3L] <- max(margins[3L], if (nzchar(text)) 0.6 + 0.95 * length(note_lines(text, margins[2L])))
  margins
}

# The lower axis, all of its ticks, and of their labels those that do not touch.
lower_axis <- function(at, labels) {
  x <- graphics::grconvertX(at, "user", "inches")
  half <- graphics::strwidth(labels, units = "inches", cex = graphics::par("cex.axis")) / 2
  gap <- graphics::strwidth("0", units = "inches", cex = graphics::par("cex.axis"))
  kept <- logical(length(at))
  end <- -Inf
  for (i in order(x)) if (x[i] - half[i] > end) {
    kept[i] <- TRUE
    end <- x[i] + half[i] + gap
  }
  graphics::axis(1L, at, labels = FALSE)
  for (i in which(kept)) graphics::axis(1L, at[i], labels[i], tick = FALSE)
}

# Titles of axes, in smaller letters where they would be longer than the axes.
title_axes <- function(x, y) {
  for (side in 1:2) {
    label <- list(x, y)[[side]]
    wide <- graphics::strwidth(label, units = "inches")
    graphics::mtext(label, side, 2.8, cex = min(1, 1.1 * graphics::par("pin")[side] / max(wide, 0.1)) * graphics::par("cex"))
  }
}

# A picture that says why there is nothing in it.
say_nothing <- function(text) {
  before <- open_figure()
  on.exit(graphics::par(before))
  graphics::plot.new()
  letters <- graphics::par("fin")[1L] / graphics::strwidth("n", units = "inches")
  graphics::text(0.5, 0.5, paste(strwrap(text, max(letters - 2, 10)), collapse = "\n"))
}
