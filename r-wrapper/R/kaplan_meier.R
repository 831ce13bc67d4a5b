# Kaplan and Meier's curve of some rows: y (m, 2 or 3) as (start,) time and status, late entry and weights heeded.

# A data frame: time of events, survival and its standard error after Greenwood.
kaplan_meier <- function(y, weight) {
  end <- y[, ncol(y) - 1L]
  died <- y[, ncol(y)] > 0
  start <- if (ncol(y) == 3L) y[, 1L] else rep(-Inf, length(end))
  times <- sort(unique(end[died & weight > 0]))
  n <- vapply(times, function(time) sum(weight[start < time & end >= time]), 0)
  d <- vapply(times, function(time) sum(weight[died & end == time]), 0)
  survival <- cumprod(1 - d / n)
  data.frame(time = times, survival = survival, std.error = survival * sqrt(cumsum(d / (n * (n - d)))))
}

# The curve at a time, and its 95 % interval on the scale of log(-log); NA once nobody is followed.
kaplan_meier_at <- function(curve, y, time) {
  i <- findInterval(time, curve$time)
  if (!nrow(y) || time > max(y[, ncol(y) - 1L]) && (i == 0L || curve$survival[i] > 0)) return(rep(NA_real_, 3L))
  if (i == 0L) return(c(1, 1, 1))
  kept <- curve$survival[i]
  if (kept <= 0 || kept >= 1) return(rep(kept, 3L))
  z <- stats::qnorm(0.975) * curve$std.error[i] / (kept * abs(log(kept)))
  c(kept, kept^exp(z), kept^exp(-z))
}

# Times from 0 on and the curve there, to be drawn as steps.
curve_steps <- function(curve, end) {
  data.frame(time = c(0, curve$time, max(end, curve$time, 0)), survival = c(1, curve$survival, c(1, curve$survival)[nrow(curve) + 1L]))
}

# Survival by thirds of predicted risk, a list: kind, note, panels of task, said, curves (group, time, survival) observed, and predicted
# or NULL.
survival_by_thirds <- function(object, rows) {
  judged <- judged_rows(object, rows)
  among <- which(vapply(judged$rows, `[[`, "", "family") == "cox")
  if (!length(among)) {
    stop_sparsekin(
      "type = \"survival\" is of survival times, family = \"cox\"; type = \"calibration\" is of all families.",
      class = "sparsekin_OptionError"
    )
  }
  shown <- most_rows(judged, among)
  panels <- lapply(shown, function(k) thirds_panel(judged$rows[[k]], judged$performance$concordance[k]))
  list(kind = judged$kind, note = attr(shown, "note"), panels = panels)
}

thirds <- c("low", "middle", "high")

thirds_panel <- function(row, concordance) {
  code <- quantile_groups(row$eta, 3L)
  named <- if (length(unique(code)) == 2L) thirds[c(1L, 3L)] else if (length(unique(code)) == 1L) "middle" else thirds
  last <- max(row$y[, ncol(row$y) - 1L], 0)
  times <- seq(0, last, length.out = 120L)
  expected <- if (!is.null(row$steps) && length(row$eta)) survival_of(row, times)
  sizes <- sizes_of(row)
  parts <- lapply(sort(unique(code)), function(g) {
    at <- which(code == g)
    y <- row$y[at, , drop = FALSE]
    seen <- curve_steps(kaplan_meier(y, row$weight[at]), max(y[, ncol(y) - 1L]))
    means <- if (!is.null(expected)) colSums(sizes[at] * expected[at, , drop = FALSE]) / sum(sizes[at])
    list(
      observed = data.frame(group = named[g], seen), predicted = if (!is.null(means)) data.frame(group = named[g], time = times, survival = means)
    )
  })
  list(
    task = row$task, said = if (is.finite(concordance)) sprintf("C %.2f", concordance) else "", last = last,
    observed = do.call(rbind, lapply(parts, `[[`, "observed")), predicted = do.call(rbind, lapply(parts, `[[`, "predicted"))
  )
}
