#' @rdname plot.mt_hal
#' @exportS3Method ggplot2::autoplot
autoplot.mt_hal <- function(object, variables = NULL, pair = NULL, type = c("curves", "frequency", "calibration", "survival"), rows = NULL,
                            time = NULL, level = 0.95, ...) {
  type <- check_choice(first(type), "type", pictures_of_curves)
  if (type == "frequency") return(gg_frequency(hal_frequency_of(object)))
  if (type != "curves") return(gg_judged(object, type, rows, time))
  if (!is.null(pair)) return(autoplot_pair(object, check_pair(pair)))
  variables <- if (is.null(variables)) main_effects(object) else variables
  if (!length(variables)) return(ggplot2::ggplot() + ggplot2::labs(title = "No main effect is selected"))
  seen <- do.call(rbind, lapply(variables, function(name) {
    data.frame(variable = factor(name, variables), value = rug_values(object$design$x[, name]))
  }))
  table <- curve_table(object, variables)
  named <- object$tasks[told_apart(tapply(abs(table$effect), table$task, max))]
  table$label <- one_of(as.character(table$task), named)
  bands <- bands_of(object, variables, level)
  bands <- bands[bands$task %in% named, ]
  ggplot2::ggplot(table, ggplot2::aes(.data[["value"]], .data[["effect"]], group = .data[["task"]])) +
    ggplot2::geom_hline(yintercept = 0, colour = "grey85") +
    (if (!is.null(bands)) gg_bands(bands, variables, named)) +
    ggplot2::geom_line(data = table[!table$task %in% named, ], colour = "grey75") +
    ggplot2::geom_line(
      ggplot2::aes(colour = .data[["label"]], linetype = .data[["label"]]), table[table$task %in% named, ], linewidth = 0.8
    ) +
    ggplot2::geom_rug(ggplot2::aes(x = .data[["value"]]), data = seen, inherit.aes = FALSE, sides = "b", colour = "grey60") +
    ggplot2::facet_wrap("variable", scales = "free_x", labeller = panel_names(length(variables))) +
    named_scales(length(named), task_title(object)) +
    ggplot2::labs(
      x = NULL, y = paste("effect on", outcome_name(object)),
      caption = if (length(named) < length(object$tasks)) paste("and", length(object$tasks) - length(named), "more tasks, grey")
    )
}

# Ribbons in the colours of the lines `named`.
gg_bands <- function(bands, variables, named) {
  bands$variable <- factor(bands$variable, variables)
  bands$label <- one_of(bands$task, named)
  list(
    ggplot2::geom_ribbon(
      ggplot2::aes(
        .data[["value"]], ymin = .data[["conf.low"]], ymax = .data[["conf.high"]], group = .data[["task"]], fill = .data[["label"]]
      ), bands, inherit.aes = FALSE, alpha = 0.15, show.legend = FALSE
    ),
    ggplot2::scale_fill_manual(values = c(line_styles(length(named))$col, "grey75"), guide = "none")
  )
}

# Names above n panels.
panel_names <- function(n) {
  function(labels) lapply(labels, short_names, most = max(8L, 60L %/% ceiling(sqrt(n))))
}

autoplot_pair <- function(object, pair) {
  table <- pair_table(object, pair)
  limit <- max(abs(table$effect), 1e-12)
  own <- object$tasks[told_apart(tapply(abs(table$effect), table$task, max))]
  note <- if (length(own) < length(object$tasks)) {
    paste("The", length(own), "of", length(object$tasks), "tasks with the largest effects")
  }
  if (!any(table$effect != 0)) note <- paste0("No effect of ", pair[1L], " and ", pair[2L], " together is selected")
  table <- table[table$task %in% own, ]
  ggplot2::ggplot(table, ggplot2::aes(.data[["first"]], .data[["second"]], fill = .data[["effect"]])) +
    ggplot2::geom_raster() +
    ggplot2::facet_wrap("task", labeller = panel_names(length(own))) +
    ggplot2::scale_fill_gradientn(colours = diverging(), limits = c(-limit, limit), name = "effect of\nboth together") +
    ggplot2::labs(x = short_names(pair[1L]), y = short_names(pair[2L]), subtitle = note)
}

#' @rdname plot.path_mt_hal
#' @exportS3Method ggplot2::autoplot
autoplot.path_mt_hal <- function(object, ...) {
  table <- tidy.path_mt_hal(object)
  last <- object$variation[nrow(object$variation), ]
  named <- utils::head(names(sort(last, decreasing = TRUE)), hal_named)
  table$label <- one_of(table$variable, named)
  ggplot2::ggplot(table, ggplot2::aes(
    .data[["lambda"]], .data[["variation"]], group = .data[["variable"]], colour = .data[["label"]],
    linetype = .data[["label"]]
  )) +
    ggplot2::geom_line() +
    ggplot2::scale_x_log10() +
    named_scales(length(named)) +
    ggplot2::labs(
      x = "lambda (few functions on the right)", y = "variation, mean over tasks",
      subtitle = if (!any(object$variation > 0)) "No function is selected"
    )
}

#' @rdname plot.path_mt_hal
#' @exportS3Method ggplot2::autoplot
autoplot.cv_mt_hal <- function(object, ...) {
  table <- tidy.cv_mt_hal(object)
  chosen <- table[c(object$best, object$best_1se), ]
  sequence <- sequences(object$table)
  table$sequence <- factor(sequence)
  own <- table[table$sequence == table$sequence[object$best], ]
  several <- nlevels(sequence) > 1L
  ggplot2::ggplot(table, ggplot2::aes(.data[["lambda"]], .data[["estimate"]])) +
    ggplot2::geom_errorbar(
      data = own, ggplot2::aes(ymin = .data[["conf.low"]], ymax = .data[["conf.high"]]), colour = "grey65", width = 0
    ) +
    ggplot2::geom_line(ggplot2::aes(linetype = .data[["sequence"]]), colour = "grey30", show.legend = several) +
    ggplot2::geom_point(data = chosen, colour = "firebrick", shape = c(19, 1), size = c(2.5, 4)) +
    ggplot2::scale_x_log10() +
    ggplot2::labs(
      x = "lambda (few functions on the right)", y = paste(hal_error(object), "on held-out rows"),
      linetype = attr(sequence, "varies")
    )
}
