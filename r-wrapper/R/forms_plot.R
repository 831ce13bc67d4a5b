#' Pictures of a linear mixed form
#'
#' @param x,object a fit of [mixed_forms()].
#' @param what `"variance"`: which share of each table is fixed, random and left over; `"loadings"`: a heatmap of the
#'   loadings of one table, the largest columns first; `"codes"`: the rows on two factors, coloured by task; `"trace"`: the
#'   objective over the sweeps.
#' @param block for loadings: `"y"`, `"x"` or `"z"`.
#' @param factors for codes: two factors.
#' @param part for codes: `"both"` (fixed and random codes added), `"fixed"` (what of them is expected given X) or `"random"`
#'   (what Z adds to that).
#' @param max_columns for loadings: most columns of the table shown; at least 1.
#' @param ... not used.
#' @return `plot()`: `x`, invisibly. `autoplot()`, when 'ggplot2' is installed: a ggplot object.
#' @examplesIf sparsekin::core_available()
#' fit <- mixed_forms(mpg + qsec ~ wt + hp + disp + drat, data = mtcars, task = "cyl", d = 2)
#' plot(fit)
#' plot(fit, "loadings", block = "x")
#' plot(fit, "codes")
#' @export
plot.mixed_forms <- function(x, what = c("variance", "loadings", "codes", "trace"), block = "x", factors = c(1, 2),
                             part = c("both", "fixed", "random"), max_columns = 30L, ...) {
  what <- check_choice(first(what), "what", c("variance", "loadings", "codes", "trace"))
  switch(what,
    variance = draw_variance(x), loadings = draw_loadings(shown_loadings(x, block, max_columns), block),
    codes = draw_codes(x, shown_codes(x, factors, first(part))), trace = draw_trace(x)
  )
  invisible(x)
}

share_colours <- c(fixed = "#2c7fb8", random = "#d95f0e", residual = "grey85")

draw_variance <- function(fit) {
  shares <- t(as.matrix(fit$variance_explained[rev(seq_len(nrow(fit$variance_explained))), names(share_colours)]))
  before <- open_figure()
  on.exit(graphics::par(before))
  key <- make_key(names(share_colours))
  graphics::par(mar = c(4.5, 3, 1, key_lines(key)))
  graphics::barplot(
    pmax(shares, 0), horiz = TRUE, col = share_colours, names.arg = toupper(colnames(shares)), las = 1L, border = NA,
    xlab = "", xlim = c(0, 1)
  )
  title_axes("share of variance", "")
  draw_key_at(key, list(col = share_colours, pch = rep(15L, 3L)), points = TRUE)
}

# The largest loadings of a table, largest first.
shown_loadings <- function(fit, block, max_columns) {
  check_choice(block, "block", blocks)
  values <- fit$loadings[[block]]
  if (!nrow(values)) stop_sparsekin("The model has no table \"", block, "\" to plot.", class = "sparsekin_DataError")
  values[utils::head(order(-rowSums(values^2)), max_columns), , drop = FALSE]
}

draw_loadings <- function(values, block) {
  draw_heatmap(values, paste("Loadings of", toupper(block)), "loading")
}

# A data frame of two codes per row, and the task.
shown_codes <- function(fit, factors, part) {
  check_choice(part, "part", c("both", "fixed", "random"))
  d <- ncol(fit$codes_fixed)
  if (length(factors) != 2L || !factors[1L] %in% seq_len(d) || !factors[2L] %in% seq_len(max(d, 2))) {
    stop_sparsekin("factors must be two of 1 to ", d, ".", class = "sparsekin_OptionError")
  }
  codes <- if (part == "both") fit$codes_fixed + fit$codes_random else fit$codes_split[[part]]
  second <- if (factors[2L] <= d) codes[, factors[2L]] else seq_len(nrow(codes))
  task <- if (is.null(fit$design$task)) factor(rep("", nrow(codes))) else fit$design$task
  out <- data.frame(first = codes[, factors[1L]], second = unname(second), task = task, row.names = NULL)
  structure(out, titles = c(paste0("f", factors[1L]), if (factors[2L] <= d) paste0("f", factors[2L]) else "row"))
}

draw_codes <- function(fit, table) {
  tasks <- levels(table$task)
  sizes <- tabulate(table$task, length(tasks))
  own <- told_apart(sizes)
  before <- open_figure()
  on.exit(graphics::par(before))
  key <- if (!is.null(fit$design$task)) make_key(tasks[own], fit$design$task_name, length(tasks) - length(own))
  found <- key_of_largest(list(key = key), tasks, sizes)
  key <- found$key
  own <- match(found$shown, tasks)
  graphics::par(mar = c(4.5, 4.5, 1, if (is.null(key)) 1 else key_lines(key)))
  titles <- attr(table, "titles")
  graphics::plot(table$first, table$second, type = "n", bty = "l", xlab = "", ylab = "")
  title_axes(titles[1L], titles[2L])
  styles <- line_styles(length(own))
  at <- match(as.integer(table$task), own)
  graphics::points(table[is.na(at), 1:2], cex = 0.7, pch = 19L, col = "grey75")
  graphics::points(table[!is.na(at), 1:2], cex = 0.7, pch = styles$pch[stats::na.omit(at)], col = styles$col[stats::na.omit(at)])
  if (!is.null(key)) draw_key_at(key, styles, points = TRUE)
}

draw_trace <- function(fit) {
  trace <- fit$trace
  before <- open_figure()
  on.exit(graphics::par(before))
  graphics::par(mar = c(4.5, 4.5, 1, 1))
  graphics::plot(
    range(trace$sweep), range(trace$objective), type = "n", bty = "l", xlab = "", ylab = ""
  )
  title_axes("sweep", "objective J")
  for (run in split(trace, trace$run)) {
    graphics::lines(run$sweep, run$objective, type = "o", pch = 19, cex = 0.4, col = share_colours[["fixed"]])
  }
}

#' @rdname plot.mixed_forms
#' @exportS3Method ggplot2::autoplot
autoplot.mixed_forms <- function(object, what = c("variance", "loadings", "codes", "trace"), block = "x",
                                 factors = c(1, 2), part = c("both", "fixed", "random"), max_columns = 30L, ...) {
  what <- check_choice(first(what), "what", c("variance", "loadings", "codes", "trace"))
  switch(what,
    variance = autoplot_variance(object), loadings = autoplot_loadings(shown_loadings(object, block, max_columns), block),
    codes = autoplot_codes(object, shown_codes(object, factors, first(part))), trace = autoplot_trace(object)
  )
}

autoplot_variance <- function(fit) {
  shares <- fit$variance_explained[names(share_colours)]
  table <- data.frame(
    block = factor(toupper(rownames(shares))[row(shares)], rev(toupper(rownames(shares)))),
    kind = factor(names(shares)[col(shares)], rev(names(shares))), share = pmax(unlist(shares), 0)
  )
  ggplot2::ggplot(table, ggplot2::aes(.data[["share"]], .data[["block"]], fill = .data[["kind"]])) +
    ggplot2::geom_col(width = 0.6) +
    ggplot2::scale_fill_manual(values = share_colours, breaks = names(share_colours), name = NULL) +
    ggplot2::labs(x = "share of variance", y = NULL)
}

autoplot_loadings <- function(values, block) {
  table <- data.frame(
    term = factor(rownames(values)[row(values)], rev(rownames(values))), factor = colnames(values)[col(values)],
    loading = as.vector(values)
  )
  ggplot2::ggplot(table, ggplot2::aes(.data[["factor"]], .data[["term"]], fill = .data[["loading"]])) +
    ggplot2::geom_tile(colour = "grey85") +
    ggplot2::scale_fill_gradient2(low = diverging()[1L], mid = diverging()[51L], high = diverging()[101L]) +
    ggplot2::scale_y_discrete(labels = function(at) short_names(at, 26L)) +
    ggplot2::labs(x = NULL, y = NULL, title = paste("Loadings of", toupper(block)))
}

autoplot_codes <- function(fit, table) {
  titles <- attr(table, "titles")
  named <- levels(table$task)[told_apart(tabulate(table$task, nlevels(table$task)))]
  table$label <- one_of(as.character(table$task), named)
  ggplot2::ggplot(table, ggplot2::aes(
    .data[["first"]], .data[["second"]], colour = .data[["label"]], shape = .data[["label"]]
  )) +
    ggplot2::geom_point(alpha = 0.7, show.legend = !is.null(fit$design$task)) +
    named_scales(length(named), fit$design$task_name, points = TRUE) +
    ggplot2::labs(x = titles[1L], y = titles[2L])
}

autoplot_trace <- function(fit) {
  ggplot2::ggplot(fit$trace, ggplot2::aes(.data[["sweep"]], .data[["objective"]], group = .data[["run"]])) +
    ggplot2::geom_line(colour = share_colours[["fixed"]]) +
    ggplot2::labs(x = "sweep", y = "objective J")
}
