# Observed against predicted outcomes, a panel per task: what is drawn, as numbers.

# A list: kind; note, which tasks are shown; label of the axis; panels, a list per task of
#   task, family, said (intercept and slope), predicted and sizes (m), groups (predicted, observed, low, high), smooth (x, y) or NULL,
#   limits of both axes.
calibration_of <- function(object, rows, time) {
  judged <- judged_rows(object, rows)
  families <- vapply(judged$rows, `[[`, "", "family")
  check_time(time, families)
  shown <- most_rows(judged)
  panels <- lapply(judged$rows[shown], calibration_panel, time = time)
  for (i in seq_along(panels)) panels[[i]]$said <- said_of_calibration(judged$performance[shown[i], ])
  for (family in unique(families[shown])) {
    mine <- which(families[shown] == family)
    limits <- calibration_limits(family, panels[mine])
    for (i in mine) panels[[i]]$limits <- limits
  }
  words <- c(binomial = "predicted probability", poisson = "predicted count", gaussian = "predicted outcome", cox = paste("predicted risk by", format(time)))
  label <- unique(words[families[shown]])
  list(kind = judged$kind, note = attr(shown, "note"), label = if (length(label) == 1L) label else "predicted", panels = panels)
}

check_time <- function(time, families) {
  if (("cox" %in% families) != !is.null(time)) {
    stop_sparsekin(
      "time goes with survival times: the risk of an event until then is drawn against what happened.", class = "sparsekin_OptionError"
    )
  }
}

# Positions of the tasks that are shown, those with most rows.
most_rows <- function(judged, among = seq_along(judged$rows)) {
  sizes <- vapply(judged$rows[among], function(row) length(row$eta), 1L)
  shown <- among[told_apart(sizes)]
  structure(shown, note = if (length(shown) < length(among)) paste("The", length(shown), "of", length(among), "tasks with most rows") else "")
}

calibration_panel <- function(row, time) {
  predicted <- if (row$family == "cox") 1 - survival_of(row, time)[, 1L] else {
    as_response(matrix(row$eta, ncol = 1L), row$family)[, 1L]
  }
  sizes <- sizes_of(row)
  code <- quantile_groups(predicted, min(max(length(predicted) %/% 20L, 2L), 10L))
  groups <- do.call(rbind, lapply(sort(unique(code)), function(g) {
    at <- which(code == g)
    seen <- observed_in(row, at, time)
    data.frame(predicted = sum(sizes[at] * predicted[at]) / sum(sizes[at]), observed = seen[1L], low = seen[2L], high = seen[3L])
  }))
  none <- data.frame(predicted = numeric(), observed = numeric(), low = numeric(), high = numeric())
  smooth <- NULL
  if (row$family != "cox" && length(unique(predicted)) > 5L) {
    smooth <- as.data.frame(stats::lowess(predicted, shares_of(row), f = 2 / 3, iter = 0L, delta = 0.01 * diff(range(predicted))))
  }
  list(
    task = row$task, family = row$family, predicted = predicted, sizes = sizes, groups = if (is.null(groups)) none else groups,
    smooth = smooth
  )
}

# (m) groups 1, 2, ... of about equal size; equal values are in one group.
quantile_groups <- function(values, n) {
  if (!length(values)) return(integer())
  at <- floor((length(values) - 1L) * (seq_len(n - 1L) * (1 / n)))
  code <- findInterval(values, unique(sort(values)[at + 1]), left.open = TRUE)
  match(code, sort(unique(code)))
}

# What was observed in some rows, and its 95 % interval: Wilson's of shares, exact ones of counts, normal ones of means, and of
# survival times Kaplan and Meier's with Greenwood's variance on the scale of log(-log).
observed_in <- function(row, at, time) {
  z <- stats::qnorm(0.975)
  if (row$family == "cox") {
    kept <- kaplan_meier_at(kaplan_meier(row$y[at, , drop = FALSE], row$weight[at]), row$y[at, , drop = FALSE], time)
    return(1 - kept[c(1L, 3L, 2L)])
  }
  y <- shares_of(row)[at]
  w <- sizes_of(row)[at]
  total <- sum(w * y)
  n <- sum(w)
  mean <- total / n
  if (row$family == "binomial") {
    middle <- (mean + z^2 / (2 * n)) / (1 + z^2 / n)
    half <- z * sqrt(mean * (1 - mean) / n + z^2 / (4 * n^2)) / (1 + z^2 / n)
    return(c(mean, middle - half, middle + half))
  }
  if (row$family == "poisson") {
    low <- if (total > 0) stats::qchisq(0.025, 2 * total) / 2 else 0
    return(c(mean, low / n, stats::qchisq(0.975, 2 * total + 2) / 2 / n))
  }
  half <- 1.96 * sqrt(sum(w * (y - mean)^2) / n / max(length(at) - 1L, 1L))
  mean + c(0, -half, half)
}

# Of both axes, the same for all tasks of a family.
calibration_limits <- function(family, panels) {
  values <- unlist(lapply(panels, function(one) {
    if (length(one$predicted)) c(one$groups$predicted, one$groups$observed, stats::quantile(one$predicted, c(0.01, 0.99), names = FALSE))
  }))
  if (family != "gaussian" || !length(values)) values <- c(values, 0)
  ends <- range(values, na.rm = TRUE)
  room <- 0.08 * (if (diff(ends) > 0) diff(ends) else 1)
  switch(family, gaussian = ends + c(-room, room), poisson = c(0, ends[2L] + room), c(0, min(ends[2L] + room, 1)))
}

# "intercept 0.02, slope 0.95", as far as defined.
said_of_calibration <- function(values) {
  of <- function(name) if (is.null(values[[name]])) NA else values[[name]]
  said <- c(intercept = of("cal_intercept"), slope = of("cal_slope"))
  said <- said[is.finite(said)]
  gsub("-0.00", "0.00", paste(names(said), sprintf("%.2f", said), collapse = ", "), fixed = TRUE)
}

# (bins) heights of the histogram of predictions, and its edges, in the lower eighth of a panel.
histogram_of <- function(panel, bins = 30L) {
  edges <- seq(panel$limits[1L], panel$limits[2L], length.out = bins + 1L)
  at <- findInterval(pmin(pmax(panel$predicted, edges[1L]), edges[bins + 1L]), edges, rightmost.closed = TRUE)
  counts <- vapply(seq_len(bins), function(i) sum(panel$sizes[at == i]), 0)
  data.frame(
    left = edges[-(bins + 1L)], right = edges[-1L], low = panel$limits[1L],
    high = panel$limits[1L] + 0.12 * diff(panel$limits) * counts / max(counts, 1)
  )
}
