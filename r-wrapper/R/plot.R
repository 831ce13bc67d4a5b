#' Picture of the supports
#'
#' A heatmap of the selected features (rows) by tasks (columns): colour is the sign and size of the standardised
#' coefficient, white where a task does not select the feature.
#'
#' @param x,object a fit of [sparse_mtl()].
#' @param max_features most features shown, those selected in most tasks first.
#' @param ... not used.
#' @return `plot()`: `x`, invisibly. `autoplot()`, when 'ggplot2' is installed: a ggplot object.
#' @examplesIf sparsekin::core_available()
#' plot(sparse_mtl(mpg ~ ., data = mtcars, task = "cyl", s = 3, lambda_1 = 0.1))
#' @export
plot.sparse_mtl <- function(x, max_features = 60L, ...) {
  values <- shown_support(x, max_features)
  if (nrow(values) == 0L) {
    graphics::plot.new()
    graphics::title("No feature is selected in any task")
    return(invisible(x))
  }
  before <- graphics::par(mar = heatmap_margins(values))
  on.exit(graphics::par(before))
  draw_heatmap(values)
  invisible(x)
}

# Standardised coefficients of the features to show, NA where not selected.
shown_support <- function(x, max_features) {
  names <- utils::head(rownames(x$support)[x$ranked], max_features)
  values <- x$coef_standardized[names, , drop = FALSE]
  values[!x$support[names, , drop = FALSE]] <- NA
  values
}

heatmap_margins <- function(values) {
  graphics::plot.new()
  line <- graphics::par("csi")
  wide <- max(graphics::strwidth(rownames(values), units = "inches", cex = 0.8)) / line
  high <- max(graphics::strwidth(colnames(values), units = "inches", cex = 0.8)) / line
  c(min(high, 12) + 1.5, min(wide, 16) + 1, 2, 6)
}

diverging <- function(n = 101L) grDevices::hcl.colors(n, "Blue-Red 3")

draw_heatmap <- function(values) {
  limit <- max(abs(values), na.rm = TRUE)
  if (limit == 0) limit <- 1
  m <- nrow(values)
  K <- ncol(values)
  graphics::par(new = TRUE)
  graphics::image(
    seq_len(K), seq_len(m), t(values[rev(seq_len(m)), , drop = FALSE]), zlim = c(-limit, limit), col = diverging(),
    axes = FALSE, xlab = "", ylab = "", main = "Selected features"
  )
  graphics::box(col = "grey60")
  if (K <= 40L) graphics::abline(v = seq_len(K - 1L) + 0.5, col = "grey85")
  if (m <= 60L) graphics::abline(h = seq_len(m - 1L) + 0.5, col = "grey85")
  graphics::axis(2L, seq_len(m), rev(rownames(values)), las = 1L, tick = FALSE, cex.axis = 0.8, line = -0.5)
  columns <- pretty_columns(K)
  graphics::axis(1L, columns, colnames(values)[columns], las = 2L, tick = FALSE, cex.axis = 0.8, line = -0.5)
  draw_key(limit)
}

# At most 60 labels.
pretty_columns <- function(n) seq(1L, n, by = ceiling(n / 60))

# Colour key in the right margin.
draw_key <- function(limit) {
  at <- graphics::par("usr")
  width <- (at[2L] - at[1L]) / graphics::par("pin")[1L] * graphics::par("csi")
  left <- at[2L] + 0.8 * width
  edges <- seq(at[3L], at[4L], length.out = 102L)
  graphics::rect(left, edges[-102L], left + 0.8 * width, edges[-1L], col = diverging(), border = NA, xpd = NA)
  ticks <- pretty(c(-limit, limit), 5L)
  ticks <- ticks[abs(ticks) <= limit]
  y <- at[3L] + (ticks + limit) / (2 * limit) * (at[4L] - at[3L])
  graphics::text(left + width, y, format(ticks), adj = c(0, 0.5), cex = 0.7, xpd = NA)
  graphics::mtext("standardised coefficient", side = 4L, line = 4.6, cex = 0.8)
}
