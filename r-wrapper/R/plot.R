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

diverging <- function(n = 101L) grDevices::hcl.colors(n, "Blue-Red")

draw_heatmap <- function(values, title = "Selected features", key = "standardised coefficient") {
  limit <- max(abs(values), na.rm = TRUE)
  if (limit == 0) limit <- 1
  m <- nrow(values)
  K <- ncol(values)
  graphics::par(new = TRUE)
  graphics::image(
    seq_len(K), seq_len(m), t(values[rev(seq_len(m)), , drop = FALSE]), zlim = c(-limit, limit), col = diverging(),
    axes = FALSE, xlab = "", ylab = "", main = title
  )
  graphics::box(col = "grey60")
  if (K <= 40L) graphics::abline(v = seq_len(K - 1L) + 0.5, col = "grey85")
  if (m <= 60L) graphics::abline(h = seq_len(m - 1L) + 0.5, col = "grey85")
  graphics::axis(2L, seq_len(m), rev(rownames(values)), las = 1L, tick = FALSE, cex.axis = 0.8, line = -0.5)
  columns <- pretty_columns(K)
  graphics::axis(1L, columns, colnames(values)[columns], las = 2L, tick = FALSE, cex.axis = 0.8, line = -0.5)
  draw_key(limit, key)
}

# At most 60 labels.
pretty_columns <- function(n) seq(1L, n, by = ceiling(n / 60))

# Colour key in the right margin.
draw_key <- function(limit, title) {
  at <- graphics::par("usr")
  width <- (at[2L] - at[1L]) / graphics::par("pin")[1L] * graphics::par("csi")
  left <- at[2L] + 0.8 * width
  edges <- seq(at[3L], at[4L], length.out = 102L)
  graphics::rect(left, edges[-102L], left + 0.8 * width, edges[-1L], col = diverging(), border = NA, xpd = NA)
  ticks <- pretty(c(-limit, limit), 5L)
  ticks <- ticks[abs(ticks) <= limit]
  y <- at[3L] + (ticks + limit) / (2 * limit) * (at[4L] - at[3L])
  graphics::text(left + width, y, format(ticks), adj = c(0, 0.5), cex = 0.7, xpd = NA)
  graphics::mtext(title, side = 4L, line = 4.6, cex = 0.8)
}

#' Curves of a path or a cross-validation
#'
#' A path: one curve per feature over a tuning parameter, the features with the highest curves named. A
#' cross-validation: the metric on held-out rows over `lambda_z` (or whichever parameter has most values), a line per
#' `s`, bars of one standard error on the line of the best setting; a dot marks the best setting, a ring the choice of
#' the one-standard-error rule.
#'
#' @param x,object a path of [path_sparse_mtl()] or a cross-validation of [cv_sparse_mtl()].
#' @param over the parameter on the axis: `"s"`, `"lambda_1"`, `"lambda_2"` or `"lambda_z"`; by default `lambda_z` where
#'   it varies, else the one with most values.
#' @param at a list with values of the other parameters, such as `list(s = 5)`; by default the middle one of `s` and the
#'   least of each penalty.
#' @param kind height of a curve: `"norm"`, the 2-norm over tasks of the standardised coefficients, or `"tasks"`, the
#'   number of tasks that select the feature.
#' @param max_labels most features that are named.
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
