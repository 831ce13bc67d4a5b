#' @rdname plot.sparse_mtl
#' @exportS3Method ggplot2::autoplot
autoplot.sparse_mtl <- function(object, max_features = 60L, type = c("support", "frequency", "forest", "calibration", "survival"),
                                term = NULL, level = 0.95, rows = NULL, time = NULL, ...) {
  type <- check_choice(first(type), "type", pictures_of_lines)
  switch(type,
    support = gg_support(object, max_features), frequency = gg_frequency(frequency_of(object, max_features)),
    forest = gg_forest(forest_of(object, term, level)), gg_judged(object, type, rows, time)
  )
}

gg_support <- function(object, max_features) {
  values <- shown_support(object, max_features)
  cells <- data.frame(
    feature = factor(rownames(values)[row(values)], rev(rownames(values))),
    task = factor(colnames(values)[col(values)], colnames(values)), coefficient = as.vector(values)
  )
  shares <- shown_shares(object, values)
  cells$opaque <- if (is.null(shares)) rep(1, nrow(cells)) else opacity(as.vector(shares))
  ggplot2::ggplot(cells, ggplot2::aes(.data[["task"]], .data[["feature"]], fill = .data[["coefficient"]])) +
    ggplot2::geom_tile(ggplot2::aes(alpha = .data[["opaque"]]), colour = "grey85") +
    ggplot2::scale_alpha_identity() +
    ggplot2::scale_fill_gradient2(
      low = diverging()[1L], mid = diverging()[51L], high = diverging()[101L], na.value = "white",
      name = "standardised\ncoefficient"
    ) +
    ggplot2::scale_x_discrete(labels = function(at) short_names(at, 20L), guide = cell_guide(levels(cells$task))) +
    ggplot2::scale_y_discrete(labels = function(at) short_names(at, 26L)) +
    ggplot2::labs(x = NULL, y = NULL, title = if (nrow(values)) support_title(object, values) else "No feature is selected") +
    title_from_left()
}

# Labels of many columns, or long ones, stand upright, and are left out where they would overlap.
cell_guide <- function(names) {
  letters <- length(names) * max(nchar(short_names(names, 20L)), 0L)
  ggplot2::guide_axis(angle = if (length(names) > 6L || letters > 30L) 90 else 0, check.overlap = TRUE)
}

# A title from the left edge of the picture, in letters that leave it whole.
title_from_left <- function() {
  ggplot2::theme(plot.title.position = "plot", plot.title = ggplot2::element_text(size = 10))
}

# ggplot2's pronoun for the columns of the data.
utils::globalVariables(".data")

#' @rdname plot.path_sparse_mtl
#' @exportS3Method ggplot2::autoplot
autoplot.path_sparse_mtl <- function(object, over = NULL, at = list(), kind = c("norm", "tasks"), max_labels = 10L,
                                     ...) {
  kind <- check_choice(first(kind), "kind", c("norm", "tasks"))
  curves <- path_curves(object, over, at, kind)
  scale <- parameter_axis(curves$values, curves$x)
  named <- if (nrow(curves$heights)) top_features(curves$heights, min(max_labels, most_lines)) else character()
  heights <- curves$heights
  points <- data.frame(
    feature = rownames(heights)[row(heights)], position = scale$place(curves$values)[col(heights)],
    height = as.vector(heights)
  )
  points$label <- one_of(points$feature, named)
  ggplot2::ggplot(points, ggplot2::aes(
    .data[["position"]], .data[["height"]], group = .data[["feature"]], colour = .data[["label"]],
    linetype = .data[["label"]]
  )) +
    ggplot2::geom_line() +
    ggplot2::scale_x_continuous(breaks = scale$at, labels = scale$labels) +
    named_scales(length(named)) +
    ggplot2::labs(
      x = axis_title(curves$x), y = curve_title(kind), subtitle = if (nrow(heights)) curves$held else "No feature is selected"
    )
}

# The names that have a style of their own, and "others".
one_of <- function(names, named) {
  levels <- if (all(names %in% named)) named else c(named, "others")
  factor(ifelse(names %in% named, names, "others"), levels)
}

# Colour and line type (or point) of the names with a style of their own, and of the others.
named_scales <- function(n, title = NULL, points = FALSE) {
  styles <- line_styles(n)
  labels <- function(at) short_names(at, 20L)
  guide <- ggplot2::guide_legend(ncol = 1L)
  list(
    if (n > 10L) ggplot2::theme(legend.key.height = ggplot2::unit(9, "pt"), legend.text = ggplot2::element_text(size = 7)),
    ggplot2::scale_colour_manual(values = c(styles$col, "grey75"), name = title, labels = labels, guide = guide),
    if (points) {
      ggplot2::scale_shape_manual(values = c(styles$pch, 19L), name = title, labels = labels, guide = guide)
    } else {
      ggplot2::scale_linetype_manual(values = c(styles$lty, 1L), name = title, labels = labels, guide = guide)
    }
  )
}

#' @rdname plot.path_sparse_mtl
#' @exportS3Method ggplot2::autoplot
autoplot.cv_sparse_mtl <- function(object, ...) {
  curves <- cv_curves(object)
  scale <- parameter_axis(curves$table[[curves$x]], curves$x)
  shown <- curves$table
  shown$position <- scale$place(shown[[curves$x]])
  limits <- cv_limits(curves, object$metric)
  shown$line <- factor(shown$line, labels = paste0(sort(unique(shown$line)), say_outside(shown, limits)))
  chosen <- shown[shown$line == shown$line[shown$row == curves$central], ]
  ggplot2::ggplot(shown, ggplot2::aes(.data[["position"]], .data[["mean"]], colour = .data[["line"]])) +
    ggplot2::geom_hline(yintercept = curves$null, linetype = "dotted", colour = "grey40") +
    ggplot2::geom_line() +
    ggplot2::geom_errorbar(
      ggplot2::aes(ymin = .data[["mean"]] - .data[["std_error"]], ymax = .data[["mean"]] + .data[["std_error"]]),
      data = chosen, width = 0.02 * max(diff(range(shown$position)), 0.1)
    ) +
    ggplot2::geom_point(data = shown[shown$row == object$best, ], colour = "firebrick", size = 2.5) +
    ggplot2::geom_point(data = shown[shown$row == object$best_1se, ], colour = "firebrick", size = 4, shape = 1) +
    ggplot2::scale_x_continuous(breaks = scale$at, labels = scale$labels) +
    ggplot2::scale_colour_viridis_d(
      end = 0.9, name = curves$lines, guide = if (is.null(curves$lines)) "none" else "legend"
    ) +
    ggplot2::coord_cartesian(ylim = limits) +
    ggplot2::labs(x = axis_title(curves$x), y = cv_title(object$metric), subtitle = if (nzchar(curves$held)) curves$held)
}
