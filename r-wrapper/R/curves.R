# What the plots of paths and cross-validations show, as data frames.

# One row per feature and setting on the axis: `position`, `value`, `feature`, `height`.
path_curves <- function(path, x, at, kind) {
  x <- check_choice(if (is.null(x)) main_parameter(path$table) else x, "x", parameters)
  middle <- function(name, there) if (name == "s") there[length(there) %/% 2L + 1L] else there[1L]
  rows <- rows_at(path$table, x, as.list(at), middle)
  rows <- rows[path$finished[rows]]
  rows <- rows[order(path$table[[x]][rows])]
  heights <- vapply(rows, function(row) feature_heights(path, row, kind), numeric(ncol(path$design$x)))
  heights <- matrix(heights, ncol(path$design$x), dimnames = list(colnames(path$design$x), NULL))
  heights <- heights[rowSums(heights) > 0, , drop = FALSE]
  list(x = x, values = path$table[[x]][rows], heights = heights, held = held_text(path$table, x, rows))
}

# 2-norm over tasks of the standardised coefficients, or the number of tasks that select the feature.
feature_heights <- function(path, row, kind) {
  if (kind == "tasks") return(rowSums(slopes_at(path, row, 1)))
  sqrt(rowSums(slopes_at(path, row, "estimate_standardized")^2))
}

# The parameters held fixed: those that vary, and penalties that are not 0.
held_text <- function(table, free, rows) {
  if (!length(rows)) return("")
  penal <- Filter(function(name) name != "s" && table[[name]][rows[1L]] > 0, parameters)
  fixed <- setdiff(intersect(parameters, c(varying(table), penal)), free)
  if (!length(fixed)) return("")
  paste0(fixed, " = ", vapply(table[rows[1L], fixed, drop = FALSE], format, "", digits = 3L), collapse = ", ")
}

curve_title <- function(kind) {
  if (kind == "tasks") "tasks that select the feature" else "2-norm of standardised coefficients"
}

# The part of the table that is drawn: which parameter is on the axis, which makes the lines (NULL: one line).
cv_curves <- function(cv) {
  table <- utils::head(cv$table, -1L)
  if (!nrow(table)) stop_sparsekin("There is only the null model, so there is no curve.", class = "sparsekin_OptionError")
  x <- main_parameter(table)
  rest <- setdiff(varying(table), x)
  lines <- if (!length(rest)) NULL else if ("s" %in% rest) "s" else rest[1L]
  central <- cv$best
  if (central > nrow(table)) central <- which.min(if (more_is_better(cv$metric)) -table$mean else table$mean)
  best <- function(name, there) table[[name]][central]
  rows <- rows_at(table, c(x, lines), list(), best)
  shown <- table[rows, ]
  shown$row <- rows
  shown$line <- if (is.null(lines)) 0 else shown[[lines]]
  shown <- shown[shown$line %in% some_lines(sort(unique(shown$line)), shown$line[rows == central]), ]
  null <- cv$table$mean[nrow(cv$table)]
  held <- held_text(table, c(x, lines), rows)
  list(x = x, lines = lines, held = held, table = shown[order(shown$line, shown[[x]]), ], central = central, null = null)
}

# At most 8, evenly chosen, the best among them.
some_lines <- function(values, best) {
  if (length(values) <= 8L) return(values)
  union(values[round(seq(1, length(values), length.out = 8L))], best)
}

# What a key adds to the names of lines, in ascending order, that are wholly outside the limits.
say_outside <- function(table, limits) {
  vapply(split(table$mean, table$line), function(means) {
    means <- means[!is.na(means)]
    if (!length(means)) return("")
    if (min(means) > limits[2L]) " (above)" else if (max(means) < limits[1L]) " (below)" else ""
  }, "", USE.NAMES = FALSE)
}

# Limits with room for the bars; of several lines half are shown, because bad ones would press the others flat.
cv_limits <- function(curves, metric) {
  table <- curves$table
  error <- ifelse(is.na(table$std_error), 0, table$std_error)
  low <- min(table$mean - error, na.rm = TRUE)
  high <- max(table$mean + error, na.rm = TRUE)
  if (is.null(curves$lines)) return(c(low, high))
  middle <- stats::median(table$mean, na.rm = TRUE)
  if (more_is_better(metric)) c(max(low, high - 3 * (high - middle)), high) else c(low, min(high, low + 3 * (middle - low)))
}

cv_title <- function(metric) {
  name <- metric_names[[sub("relative ", "", metric)]]
  if (!grepl("^[A-Z]{2}|^R2", name)) name <- paste0(tolower(substr(name, 1L, 1L)), substring(name, 2L))
  paste0(name, " on held-out rows", if (startsWith(metric, "relative")) ", null model = 1")
}
