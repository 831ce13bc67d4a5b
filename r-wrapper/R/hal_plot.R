#' Curves of a multi-task highly adaptive lasso
#'
#' The main effect of each variable, a line per task, drawn with mean 0 over the rows of the fit; ticks show where rows
#' are. With `pair`, what only two variables together move, as a map per task. Of more than 20 tasks, those whose curves or maps
#' move most have a colour, a line type and a name (or a map). After [stability()] each line has a band of its colour, from rows that
#' did not choose the functions (see [band()]): it need not hold the line, which is shrunken. Panels that you have set by `par(mfrow = )` or `layout()` are used.
#'
#' @param x,object a fit of [mt_hal()].
#' @param variables which; by default those with a main effect, the largest share of the variation first, at most six.
#' @param pair two variables, instead of main effects.
#' @param type `"curves"`, after [stability()] `"frequency"`, how often half-samples chose each set of variables, or `"calibration"` or `"survival"`, see [plot.sparse_mtl()].
#' @param level of the bands.
#' @param rows,time of `"calibration"` and `"survival"`, as of [plot.sparse_mtl()].
#' @param ... not used.
#' @return `plot()`: `x`, invisibly. `autoplot()`, when 'ggplot2' is installed: a ggplot object.
#' @examplesIf sparsekin::core_available()
#' fit <- mt_hal(mpg ~ h(wt) + h(hp) + h(wt, hp), data = mtcars, task = "am", lambda = 0.1)
#' plot(fit)
#' plot(fit, pair = c("wt", "hp"))
#' @export
plot.mt_hal <- function(x, variables = NULL, pair = NULL, type = c("curves", "frequency", "calibration", "survival"), rows = NULL, time = NULL,
                        level = 0.95, ...) {
  type <- check_choice(first(type), "type", pictures_of_curves)
  if (type == "frequency") draw_frequency(hal_frequency_of(x)) else if (type != "curves") draw_judged(x, type, rows, time) else if (!is.null(pair)) draw_pair(x, check_pair(pair)) else draw_curves(x, variables, level)
  invisible(x)
}

pictures_of_curves <- c("curves", "frequency", "calibration", "survival")

draw_curves <- function(fit, variables, level) {
  variables <- if (is.null(variables)) main_effects(fit) else variables
  if (!length(variables)) return(say_nothing("No main effect is selected"))
  table <- curve_table(fit, variables)
  bands <- bands_of(fit, variables, level)
  limits <- range(table$effect, bands$conf.low, bands$conf.high)
  sizes <- tapply(abs(table$effect), table$task, max)
  own <- told_apart(sizes)
  more <- length(fit$tasks) - length(own)
  page <- open_panels(length(variables), if (length(fit$tasks) > 1L) list(names = fit$tasks[own], title = task_title(fit), more = more))
  on.exit(graphics::par(page$before))
  page <- key_of_largest(page, fit$tasks, sizes)
  own <- match(page$shown, fit$tasks)
  styles <- line_styles(length(own))
  direct <- FALSE
  for (i in seq_along(variables)) {
    one <- table[table$variable == variables[i], ]
    draw_curve(fit, variables[i], one, limits, own, styles, page, bands[bands$variable == variables[i], ])
    direct <- !is.null(page$key) && !page$theirs && ends_fit(page, fit)
    if (direct && (i == length(variables) || i %% page$columns == 0L)) {
      last <- one[one$value == max(one$value), ]
      join_ends(page$key$names, last$value[1L], last$effect[match(page$shown, last$task)], styles$col)
    }
  }
  name_page(page, left = paste("effect on", outcome_name(fit)))
  if (!is.null(page$key) && !direct) draw_page_key(page, styles)
}

# Whether all tasks can be named at the ends of their lines, which is plainer than a key.
ends_fit <- function(page, fit) {
  page$key$more == 0L && length(page$key$names) * 0.9 * graphics::par("csi") <= graphics::par("pin")[2L]
}

# As name_ends(), for lines in any order that end at `x`, each joined to its name.
join_ends <- function(labels, x, heights, colours) {
  down <- order(-heights)
  usr <- graphics::par("usr")
  step <- (usr[2L] - usr[1L]) / graphics::par("pin")[1L] * graphics::par("csi")
  places <- apart(heights[down], 0.9 * graphics::par("csi") / graphics::par("pin")[2L] * (usr[4L] - usr[3L]), usr[3:4])
  graphics::segments(x, heights[down], usr[2L] + 0.6 * step, places, col = colours[down], lwd = 0.6, xpd = NA)
  graphics::text(usr[2L] + 0.7 * step, places, labels[down], adj = c(0, 0.5), col = colours[down], cex = 0.8, xpd = NA)
}

# Where the key has room for fewer names than there are lines of their own, the largest only: no others have a colour.
key_of_largest <- function(page, tasks, sizes) {
  n <- if (is.null(page$key)) most_lines else length(page$key$names)
  own <- told_apart(sizes, n)
  if (n < most_lines && length(tasks) > n) page$key$names <- short_names(tasks[own], max(nchar(page$key$names)))
  c(page, list(shown = tasks[own]))
}

draw_curve <- function(fit, name, table, limits, own, styles, page, bands = NULL) {
  if (diff(limits) == 0) limits <- c(-1, 1)
  graphics::plot(range(table$value), limits, type = "n", xlab = "", ylab = "", bty = "l")
  name_panel(name)
  graphics::abline(h = 0, col = "grey85")
  if (!any(table$effect != 0)) graphics::mtext("nothing selected", side = 3L, line = -2, cex = 0.7 * graphics::par("cex"))
  graphics::rug(rug_values(fit$design$x[, hal_column(fit, name)]), col = "grey60", ticksize = 0.02)
  for (i in seq_along(own)) {
    one <- bands[bands$task == fit$tasks[own[i]], ]
    colour <- grDevices::adjustcolor(styles$col[i], 0.15)
    graphics::polygon(c(one$value, rev(one$value)), c(one$conf.low, rev(one$conf.high)), col = colour, border = NA)
  }
  for (k in c(setdiff(seq_along(fit$tasks), own), own)) {
    line <- table[table$task == fit$tasks[k], ]
    i <- match(k, own)
    if (is.na(i)) graphics::lines(line$value, line$effect, col = "grey75") else
      graphics::lines(line$value, line$effect, col = styles$col[i], lty = styles$lty[i], lwd = 2)
  }
}

# Panels of a page of their own, in up to five columns, with room for the key on the right; or, where the user has set
# several panels, those. Returns what to restore.
open_panels <- function(n, key = NULL, right = 0.5, bottom = 0.5) {
  theirs <- prod(graphics::par("mfrow")) > 1L
  before <- graphics::par(c("mar", "mgp", "tcl", if (!theirs) c("mfrow", "oma", "cex")))
  graphics::par(mar = c(0, 0, 0, 0))
  columns <- if (n == 4L) 2L else if (n < 10L) min(n, 3L) else if (n < 17L) 4L else 5L
  rows <- ceiling(n / columns)
  if (!theirs) graphics::par(oma = c(0, 0, 0, 0), mfrow = c(rows, columns))
  size <- if (theirs) graphics::par("fin") else graphics::par("din")
  if (!is.null(key)) {
    graphics::plot.new()
    graphics::par(new = TRUE)
    share <- 0.3 * size[1L] / graphics::par("fin")[1L]
    key <- make_key(key$names, key$title, key$more, share, size[2L])
    right <- key_lines(key)
  }
  if (!theirs) {
    graphics::par(omi = c(bottom, 1.8, 0.3, right) * graphics::par("csi"))
    if (!is.null(key)) graphics::par(mfg = c(1L, 1L)) # the page that was measured on
  }
  graphics::par(mar = c(2, 2.2, 1.4, if (theirs) right else 0.4), mgp = c(1, 0.4, 0), tcl = -0.25)
  list(before = before, key = key, theirs = theirs, columns = columns)
}

# The name of a panel, no wider than it.
name_panel <- function(name) {
  graphics::mtext(fit_label(name, graphics::par("pin")[1L]), 3L, 0.2, adj = 0, cex = 0.8 * graphics::par("cex"))
}

# A label cut to so many inches.
fit_label <- function(label, room) {
  most <- longest
  while (most > 8L && graphics::strwidth(short <- short_names(label, most), units = "inches", cex = 0.8) > room) most <- most - 1L
  short
}

# Titles of the axes of all panels, in the outer margin (or, in panels of the user, in that of the last).
name_page <- function(page, left = NULL, bottom = NULL) {
  outer <- !page$theirs
  size <- graphics::par(if (outer) "din" else "pin")
  for (side in c(1L, 2L)) {
    label <- list(bottom, left)[[side]]
    if (is.null(label)) next
    line <- if (outer) 0.3 else c(1, 1.2)[side]
    graphics::mtext(fit_label(label, 0.8 * size[side]), side, line, outer = outer, cex = 0.8)
  }
}

# In the outer margin on the right, or beside the last panel of the user.
draw_page_key <- function(page, styles) {
  if (page$theirs) return(draw_key_at(page$key, styles))
  edge <- graphics::par("omd")[2L]
  draw_key_at(
    page$key, styles, x = graphics::grconvertX(edge, "ndc", "user"), y = graphics::grconvertY(0.98, "ndc", "user")
  )
}

task_title <- function(fit) if (is.null(fit$design$task_name)) "outcome" else fit$design$task_name

draw_pair <- function(fit, pair) {
  table <- pair_table(fit, pair)
  if (!any(table$effect != 0)) return(say_nothing(paste0("No effect of ", pair[1L], " and ", pair[2L], " together is selected")))
  limit <- max(abs(table$effect))
  own <- told_apart(tapply(abs(table$effect), table$task, max))
  page <- open_panels(length(own), right = 5, bottom = if (length(own) < length(fit$tasks)) 2.6 else 1.5)
  on.exit(graphics::par(page$before))
  for (task in fit$tasks[own]) {
    one <- table[table$task == task, ]
    across <- unique(one$first)
    up <- unique(one$second)
    graphics::image(across, up, matrix(one$effect, length(across)), zlim = c(-limit, limit), col = diverging(), xlab = "", ylab = "")
    graphics::box(col = "grey60")
    name_panel(task)
    if (!any(one$effect != 0)) graphics::mtext("nothing selected", side = 3L, line = -1.5, cex = 0.7 * graphics::par("cex"))
  }
  name_page(page, pair[2L], pair[1L])
  draw_map_key(limit, page)
  if (!page$theirs && length(own) < length(fit$tasks)) {
    text <- paste("The", length(own), "of", length(fit$tasks), "tasks with the largest effects")
    graphics::mtext(text, 1L, 1.4, outer = TRUE, cex = 0.7, adj = 0)
  }
}

# Colours of the maps, in the right margin.
draw_map_key <- function(limit, page) {
  right <- if (page$theirs) graphics::par("plt")[2L] else graphics::par("omd")[2L]
  from <- if (page$theirs) "nfc" else "ndc"
  left <- graphics::grconvertX(right, from, "user")
  line <- graphics::grconvertX(graphics::par("csi"), "inches", "user") - graphics::grconvertX(0, "inches", "user")
  edges <- graphics::grconvertY(seq(0.2, 0.8, length.out = 102L), from, "user")
  graphics::rect(left + 0.5 * line, edges[-102L], left + 1.2 * line, edges[-1L], col = diverging(), border = NA, xpd = NA)
  ticks <- pretty(c(-limit, limit), 4L)
  ticks <- ticks[abs(ticks) <= limit]
  y <- edges[1L] + (ticks + limit) / (2 * limit) * (edges[102L] - edges[1L])
  graphics::text(left + 1.4 * line, y, format(ticks), adj = c(0, 0.5), cex = 0.7, xpd = NA)
  graphics::text(left + 0.3 * line, edges[102L], "effect\nof both", adj = c(0, -0.3), cex = 0.7, xpd = NA)
}

#' Curves of a path or a cross-validation of the highly adaptive lasso
#'
#' A path: the variation of the functions with each variable over lambda, mean over tasks. A cross-validation: the error on
#' held-out rows over lambda, with bars of one standard error; a dot marks the best lambda, a ring the choice of the
#' one-standard-error rule, and the numbers of functions selected stand on top. Where several `l1_ratio` or `linear` were judged, the
#' others are thin lines.
#'
#' @param x,object a path of [path_mt_hal()] or a cross-validation of [cv_mt_hal()].
#' @param ... not used.
#' @return `plot()`: `x`, invisibly. `autoplot()`, when 'ggplot2' is installed: a ggplot object.
#' @examplesIf sparsekin::core_available()
#' cv <- cv_mt_hal(mpg ~ h(wt), data = mtcars, task = "am", n_lambda = 10, folds = 3, rng = 1)
#' plot(cv)
#' @export
plot.path_mt_hal <- function(x, ...) {
  heights <- t(x$variation)
  heights <- heights[order(-heights[, ncol(heights)]), , drop = FALSE]
  if (!any(heights > 0)) {
    say_nothing("No function is selected")
    return(invisible(x))
  }
  before <- open_figure()
  on.exit(graphics::par(before))
  named <- utils::head(rownames(heights), hal_named)
  key <- make_key(named, more = nrow(heights) - length(named))
  graphics::par(mar = c(4.5, 4.5, 1.5, key_lines(key)))
  lambda_frame(x$table$lambda, c(0, max(heights)), "variation, mean over tasks")
  styles <- line_styles(nrow(heights))
  for (j in rev(seq_len(nrow(heights)))) {
    shown <- j <= length(key$names)
    graphics::lines(
      x$table$lambda, heights[j, ], col = if (shown) styles$col[j] else "grey75", lty = if (shown) styles$lty[j] else 1L,
      lwd = if (shown) 2 else 1
    )
  }
  draw_key_at(key, styles)
  invisible(x)
}

# Which sequence of lambda each row belongs to: a factor of what sets them apart, "0.5", "as others" or both.
sequences <- function(table) {
  linear <- ifelse(is.na(table$linear), "as others", format(table$linear, trim = TRUE))
  parts <- list(l1_ratio = format(table$l1_ratio, trim = TRUE), linear = linear)
  several <- parts[vapply(parts, function(one) length(unique(one)) > 1L, NA)]
  label <- if (length(several)) do.call(paste, c(unname(several), sep = ", ")) else rep("", nrow(table))
  structure(factor(label, unique(label)), varies = paste(names(several), collapse = ", "))
}

lambda_frame <- function(lambda, heights, title) {
  graphics::plot(
    range(lambda), heights, type = "n", log = "x", bty = "l", xlab = "", ylab = ""
  )
  title_axes("lambda (few functions on the right)", title)
}

#' @rdname plot.path_mt_hal
#' @export
plot.cv_mt_hal <- function(x, ...) {
  shown <- x$table[!is.na(x$table$mean), ]
  before <- open_figure()
  on.exit(graphics::par(before))
  sequence <- sequences(x$table)
  chosen <- sequence[x$best]
  sequence <- sequence[!is.na(x$table$mean)]
  own <- sequence == chosen
  others <- split(shown[!own, ], droplevels(sequence[!own]))
  key <- if (length(others)) make_key(c(as.character(chosen), names(others)), attr(sequences(x$table), "varies"))
  graphics::par(mar = c(4.5, 4.5, 3.5, if (is.null(key)) 1 else key_lines(key)))
  limits <- range(shown$mean - shown$std_error, shown$mean + shown$std_error, shown$mean, na.rm = TRUE)
  lambda_frame(shown$lambda, limits, paste(hal_error(x), "on held-out rows"))
  styles <- line_styles(length(others) + 1L)
  styles$col[1L] <- "grey30"
  for (i in seq_along(others)) {
    graphics::lines(others[[i]]$lambda, others[[i]]$mean, col = styles$col[i + 1L], lty = styles$lty[i + 1L])
  }
  if (!is.null(key)) draw_key_at(key, styles)
  shown <- shown[own, ]
  graphics::lines(shown$lambda, shown$mean, col = "grey30", lwd = 2)
  bars <- shown[!is.na(shown$std_error) & shown$std_error > 0, ]
  graphics::segments(bars$lambda, bars$mean - bars$std_error, bars$lambda, bars$mean + bars$std_error, col = "grey65")
  chosen <- x$table[c(x$best, x$best_1se), ]
  graphics::points(chosen$lambda, chosen$mean, pch = c(19, 1), col = "firebrick", cex = c(1.2, 1.8), lwd = 2)
  keep <- unique(round(seq(1, nrow(shown), length.out = min(nrow(shown), 10L))))
  graphics::axis(3L, shown$lambda[keep], round(shown$selected[keep]), tick = FALSE, cex.axis = 0.8)
  graphics::mtext("functions selected", side = 3L, line = 2.2, cex = 0.8 * graphics::par("cex"))
  invisible(x)
}
