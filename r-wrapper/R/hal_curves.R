# What the plots of a highly adaptive lasso show, as data frames.

hal_panels <- 6L
hal_named <- 10L

# Variables with a main effect, the largest share of the variation first.
main_effects <- function(fit) {
  utils::head(intersect(fit$sections$section, colnames(fit$design$x)), hal_panels)
}

# One row per variable, task and value: the main effect, with mean 0 over the rows of the fit.
curve_table <- function(fit, variables, points = 400L) {
  parts <- lapply(variables, function(name) {
    x <- fit$design$x[, hal_column(fit, name)]
    at <- seq(min(x), max(x), length.out = points)
    level <- colMeans(section_values(fit, name, as.matrix(x)))
    values <- sweep(section_values(fit, name, as.matrix(at)), 2L, level)
    data.frame(
      variable = name, task = rep(fit$tasks, each = points), value = rep(at, ncol(values)), effect = as.vector(values)
    )
  })
  out <- do.call(rbind, parts)
  out$variable <- factor(out$variable, variables)
  out$task <- factor(out$task, fit$tasks)
  out
}

# One row per task and pair of values: what only both variables together move.
pair_table <- function(fit, pair, points = 80L) {
  ranges <- lapply(pair, function(name) {
    x <- fit$design$x[, hal_column(fit, name)]
    seq(min(x), max(x), length.out = points)
  })
  cells <- as.matrix(expand.grid(ranges))
  values <- section_values(fit, pair, cells)
  data.frame(
    task = factor(rep(fit$tasks, each = nrow(cells)), fit$tasks), first = cells[, 1L], second = cells[, 2L],
    effect = as.vector(values), row.names = NULL
  )
}

check_pair <- function(pair) {
  if (!is.character(pair) || length(pair) != 2L || pair[1L] == pair[2L]) {
    stop_sparsekin("pair must be the names of two variables.", class = "sparsekin_OptionError")
  }
  pair
}

# What curves are effects on.
outcome_name <- function(fit) {
  name <- if (fit$design$multi_label) "the outcome" else colnames(fit$design$y)
  {
    scale <- c(binomial = "log odds of", poisson = "log rate of", cox = "log hazard of")
    one <- unique(fit$families)
    if (length(one) == 1L && one %in% names(scale)) paste(scale[[one]], name) else name
  }
}

# Rows shown as ticks under a curve: at most 200.
rug_values <- function(x) {
  seen <- unique(x)
  if (length(seen) < 200L) seen else unname(stats::quantile(x, seq(0, 1, length.out = 200L)))
}
