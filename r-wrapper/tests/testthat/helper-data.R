skip_without_core <- function() testthat::skip_if_not(core_available(), "The Python core is not installed.")

# Two sites, a factor, text, dates and logicals; y depends on x1 (both sites) and x2 (site north).
make_studies <- function(n = 120L, seed = 1L) {
  set.seed(seed)
  data <- data.frame(site = rep(c("north", "south"), each = n / 2))
  for (j in 1:6) data[[paste0("x", j)]] <- rnorm(n)
  data$group <- factor(sample(c("a", "b", "c"), n, TRUE))
  data$smoker <- sample(c(TRUE, FALSE), n, TRUE)
  data$w <- runif(n, 0.5, 2)
  data$y <- 2 * data$x1 - data$x2 * (data$site == "north") + 0.5 * (data$group == "b") + rnorm(n, sd = 0.3)
  data
}
