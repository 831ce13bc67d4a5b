#' @rdname plot.mt_hal
#' @exportS3Method ggplot2::autoplot
autoplot.mt_hal <- function(object, variables = NULL, pair = NULL, ...) {
  if (!is.null(pair)) return(autoplot_pair(object, check_pair(pair)))
  variables <- if (is.null(variables)) main_effects(object) else variables
  if (!length(variables)) stop_sparsekin("No main effect is selected; there is nothing to draw.")
  seen <- do.call(rbind, lapply(variables, function(name) {
    data.frame(variable = factor(name, variables), value = rug_values(object$design$x[, name]))
  }))
  ggplot2::ggplot(curve_table(object, variables), ggplot2::aes(.data[["value"]], .data[["effect"]])) +
    ggplot2::geom_hline(yintercept = 0, colour = "grey85") +
    ggplot2::geom_line(ggplot2::aes(colour = .data[["task"]]), linewidth = 0.8) +
    ggplot2::geom_rug(ggplot2::aes(x = .data[["value"]]), data = seen, inherit.aes = FALSE, sides = "b", colour = "grey60") +
    ggplot2::facet_wrap("variable", scales = "free_x") +
    ggplot2::scale_colour_manual(values = line_colours(length(object$tasks)), name = task_title(object)) +
    ggplot2::labs(x = NULL, y = paste("effect on", outcome_name(object)))
}

autoplot_pair <- function(object, pair) {
  table <- pair_table(object, pair)
  limit <- max(abs(table$effect), 1e-12)
  ggplot2::ggplot(table, ggplot2::aes(.data[["first"]], .data[["second"]], fill = .data[["effect"]])) +
    ggplot2::geom_raster() +
    ggplot2::facet_wrap("task") +
    ggplot2::scale_fill_gradientn(colours = diverging(), limits = c(-limit, limit), name = "effect of\nboth together") +
    ggplot2::labs(x = pair[1L], y = pair[2L])
}

#' @rdname plot.path_mt_hal
#' @exportS3Method ggplot2::autoplot
autoplot.path_mt_hal <- function(object, ...) {
  table <- tidy.path_mt_hal(object)
  last <- object$variation[nrow(object$variation), ]
  named <- utils::head(names(sort(last, decreasing = TRUE)), hal_named)
  table$label <- factor(ifelse(table$variable %in% named, table$variable, "others"), c(named, "others"))
  ggplot2::ggplot(table, ggplot2::aes(
    .data[["lambda"]], .data[["variation"]], group = .data[["variable"]], colour = .data[["label"]]
  )) +
    ggplot2::geom_line() +
    ggplot2::scale_x_log10() +
    ggplot2::scale_colour_manual(values = c(line_colours(length(named)), "grey70"), name = NULL, drop = TRUE) +
    ggplot2::labs(x = "lambda (few functions on the right)", y = "variation, mean over tasks")
}

#' @rdname plot.path_mt_hal
#' @exportS3Method ggplot2::autoplot
autoplot.cv_mt_hal <- function(object, ...) {
  table <- tidy.cv_mt_hal(object)
  chosen <- table[c(object$best, object$best_1se), ]
  own <- table[table$l1_ratio == table$l1_ratio[object$best], ]
  table$l1_ratio <- factor(table$l1_ratio)
  several <- nlevels(table$l1_ratio) > 1L
  ggplot2::ggplot(table, ggplot2::aes(.data[["lambda"]], .data[["estimate"]])) +
    ggplot2::geom_errorbar(
      data = own, ggplot2::aes(ymin = .data[["conf.low"]], ymax = .data[["conf.high"]]), colour = "grey65", width = 0
    ) +
    ggplot2::geom_line(ggplot2::aes(linetype = .data[["l1_ratio"]]), colour = "grey30", show.legend = several) +
    ggplot2::geom_point(data = chosen, colour = "firebrick", shape = c(19, 1), size = c(2.5, 4)) +
    ggplot2::scale_x_log10() +
    ggplot2::labs(x = "lambda (few functions on the right)", y = paste(hal_error(object), "on held-out rows"))
}
