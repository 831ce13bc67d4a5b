# Axes for tuning parameters: penalties stand on a logarithmic scale, 0 a step to the left of the least positive value, Inf
# a step to the right of the largest finite one.

parameters <- c("s", "lambda_1", "lambda_2", "lambda_z")

varying <- function(table) Filter(function(name) length(unique(table[[name]])) > 1L, parameters)

# lambda_z where it varies, else the parameter with most values.
main_parameter <- function(table) {
  many <- varying(table)
  if ("lambda_z" %in% many) return("lambda_z")
  if (!length(many)) return("s")
  many[which.max(vapply(table[many], function(column) length(unique(column)), 1L))]
}

axis_title <- function(name) {
  switch(name,
    s = "s, features per task", lambda_1 = "lambda_1 (ridge)", lambda_2 = "lambda_2 (similar values)",
    lambda_z = "lambda_z (similar supports)"
  )
}

# Where values stand: a list of `place`, a function, and the tick marks `at` and `labels`.
parameter_axis <- function(values, name) {
  known <- sort(unique(values))
  if (any(is.infinite(known))) return(axis_to_infinity(known))
  positive <- known[known > 0]
  if (name == "s" || length(positive) < 2L) {
    at <- if (name == "s") unique(round(pretty(known, 8L))) else pretty(known)
    return(list(place = identity, at = at, labels = format(at)))
  }
  powers <- seq(ceiling(log10(positive[1L])), floor(log10(max(positive))))
  powers <- powers[seq(1L, length(powers), by = max(1L, length(powers) %/% 6L))]
  if (length(positive) == length(known)) {
    return(list(place = log10, at = powers, labels = parse(text = paste0("10^", powers))))
  }
  zero <- log10(positive[1L]) - max(log10(positive[2L] / positive[1L]), log10(max(positive) / positive[1L]) / 12)
  place <- function(x) ifelse(x == 0, zero, log10(ifelse(x == 0, 1, x)))
  list(place = place, at = c(zero, powers), labels = parse(text = c("0", paste0("10^", powers))))
}

axis_to_infinity <- function(known) {
  inner <- known[known > 0 & is.finite(known)]
  ends <- if (length(inner)) log10(range(inner)) else c(0, 0)
  step <- max(diff(ends) / 8, 0.5)
  spots <- unique(inner[round(seq(1, length(inner), length.out = min(6L, length(inner))))])
  place <- function(x) pmin(pmax(log10(pmax(x, 0)), ends[1L] - step), ends[2L] + step)
  shown <- c(if (known[1L] == 0) 0, spots, Inf)
  list(place = place, at = place(shown), labels = format_each(shown))
}

format_each <- function(values) vapply(values, format, "", digits = 3L)

# Rows of the table with the parameters but `free` fixed: those given in `at`, else by `default`.
rows_at <- function(table, free, at, default) {
  keep <- rep(TRUE, nrow(table))
  for (name in setdiff(parameters, free)) {
    there <- sort(unique(table[[name]]))
    value <- if (is.null(at[[name]])) default(name, there) else at[[name]]
    if (!value %in% there) {
      stop_sparsekin(
        "There is no ", name, " = ", format(value), "; there are ", paste(format(there), collapse = ", "), ".",
        class = "sparsekin_OptionError"
      )
    }
    keep <- keep & table[[name]] == value
  }
  which(keep)
}
