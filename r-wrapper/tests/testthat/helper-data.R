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

# Predictions and tidy() of a fit in a session without Python, and whether there was Python.
without_python <- function(fit, data) {
  files <- tempfile(c("fit", "data", "out"), fileext = ".rds")
  saveRDS(fit, files[1])
  saveRDS(data, files[2])
  code <- sprintf(
    paste(
      "library(sparsekin); fit <- readRDS('%s'); data <- readRDS('%s'); invisible(capture.output(print(summary(fit))));",
      "state <- c(reticulate::py_available(), core_available());",
      "saveRDS(list(predict(fit, data), tidy(fit), state), '%s')"
    ), files[1], files[2], files[3]
  )
  script <- tempfile(fileext = ".R")
  writeLines(code, script)
  system2(
    file.path(R.home("bin"), "Rscript"), script, stdout = FALSE, stderr = FALSE,
    env = c("RETICULATE_PYTHON=/nonexistent", paste0("R_LIBS=", paste(.libPaths(), collapse = ":")))
  )
  readRDS(files[3])
}

# Where base graphics put text and lines is recorded by a device that draws nowhere.
draw <- function(x, ...) {
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  before <- graphics::par(no.readonly = TRUE)
  testthat::expect_identical(plot(x, ...), x)
  after <- graphics::par(no.readonly = TRUE)
  testthat::expect_identical(after$mar, before$mar)
}

# Three sites; the outcome bends with age at 50, jumps with bmi at 30, and depends on a factor and on sex.
make_centres <- function(n = 180L, seed = 1L) {
  set.seed(seed)
  data <- data.frame(
    centre = sample(c("A", "B", "C"), n, TRUE), age = runif(n, 30, 75), bmi = runif(n, 18, 40),
    sex = factor(sample(c("F", "M"), n, TRUE)), ward = sample(c("u", "v", "w x"), n, TRUE),
    smoker = sample(c(TRUE, FALSE), n, TRUE), w = runif(n, 0.5, 2)
  )
  data$rate <- 170 - pmax(data$age - 50, 0) + 5 * (data$bmi > 30) + 3 * (data$sex == "M") + 2 * (data$ward == "v")
  data$rate <- data$rate + (data$centre == "B") * (data$age > 60) + rnorm(n)
  data
}

# The mean of fits of the same data, as the core would send it (its numbers are compared in tests/bridges/test_average_in_r.py).
average_of <- function(fits, cut = 0.05, families = rep("share", length(fits))) {
  one <- fits[[1L]]
  design <- one$design
  mean_of <- function(part) Reduce(`+`, lapply(fits, function(fit) unname(part(fit)))) / length(fits)
  p <- nrow(one$support)
  features <- function(fit) utils::tail(fit$coefficients, p)
  scaled <- mean_of(function(fit) fit$coef_standardized)
  inclusion <- mean_of(function(fit) 1 * fit$support)
  support <- abs(scaled) > 0 & abs(scaled) >= rep(cut * apply(abs(scaled), 2L, max), each = p)
  ranks <- function(there) {
    chosen <- which(rowSums(there) > 0)
    chosen[order(-rowSums(there)[chosen], -rowSums(scaled^2)[chosen])]
  }
  fixed <- mean_of(function(fit) utils::head(fit$coefficients, -p))
  first <- as.integer(design$intercept)
  fitted <- mean_of(function(fit) as.matrix(fit$fitted.values))
  task_fit <- transform(one$task_fit, selected = colSums(support), resid_sd = NaN)
  members <- data.frame(
    family = families, s = vapply(fits, function(fit) max(fit$s), 1L), lambda_1 = vapply(fits, `[[`, 1, "lambda_1"),
    lambda_2 = vapply(fits, `[[`, 1, "lambda_2"), lambda_z = vapply(fits, `[[`, 1, "lambda_z"), mean = seq_along(fits) / 10
  )
  found <- list(
    tasks = as.list(one$tasks), intercept = if (first) fixed[1L, ], coef = mean_of(features), coef_standardized = scaled,
    keep_coef = fixed[-seq_len(first), , drop = FALSE], support = 1 * support, ranked = ranks(support),
    order = union(ranks(support), ranks(inclusion > 0)), inclusion = inclusion, members = members,
    families = as.list(one$families), fitted = fitted - if (is.null(design$offset)) 0 else design$offset, task_fit = task_fit, homogeneity = one$homogeneity,
    constant = one$constant, glance = data.frame(n_tasks = length(one$tasks), nobs = nobs(one), settings = length(fits), r2 = 0.5),
    verdict = "Share the supports.", cut = cut, predicts_cut = all(support | inclusion == 0), best = NULL
  )
  out <- new_sparse_mtl_average(found, design, one$scale, one$call)
  out$best_member <- one
  out
}

# A small fit of every class.
fits_of_all <- function() {
  cars <- transform(mtcars, cyl = factor(cyl))
  sparse <- sparse_mtl(mpg ~ wt + hp + qsec, cars, "am", s = 2)
  hal <- mt_hal(mpg ~ h(wt, hp), cars, "am", lambda = 0.3)
  forms <- mixed_forms(mpg + qsec ~ wt + hp + disp, cars, "cyl", d = 1)
  list(
    sparse_mtl = sparse, sparse_mtl_average = average_of(list(sparse, update(sparse, s = 1))), mt_hal = hal, mixed_forms = forms,
    path_sparse_mtl = path_sparse_mtl(mpg ~ wt + hp, cars, "am", s = 1:2, lambda_z = c(0, 1)),
    path_mt_hal = path_mt_hal(mpg ~ h(wt), cars, "am", n_lambda = 5),
    cv_sparse_mtl = cv_sparse_mtl(mpg ~ wt + hp, cars, "am", s = 1:2, lambda_z = 0, folds = 3, rng = 1, lambda_1 = 0, lambda_2 = 0),
    cv_dial = cv_sparse_mtl(mpg ~ wt + hp, cars, "am", s = 1, lambda_1 = 0.1, folds = 3, rng = 1),
    cv_mt_hal = cv_mt_hal(mpg ~ h(wt), cars, "am", n_lambda = 5, folds = 3, rng = 1),
    cv_mixed_forms = cv_mixed_forms(mpg + qsec ~ wt + hp + disp, cars, "cyl", d = 1:2, folds = 3, rng = 1),
    compare_models = compare_models(mpg ~ wt + hp, cars, "am", s = 1, lambda_z = 0, folds = 3, rng = 1),
    mtl_left_out = validate(mpg ~ wt + hp, cars, "am", s = 1, lambda_1 = 0.1, lambda_2 = 0, lambda_z = 0, folds = 3, rng = 1),
    mtl_validation = validate(sparse, cars), mtl_knockoffs = knockoffs(mpg ~ wt + hp + qsec, cars, fdr = 0.7, draws = 2, rng = 1),
    mtl_study = mtl_study(mpg ~ wt + hp, cars, "am", folds = 3, skip = c("comparison", "certified", "sure", "alternatives", "validation")),
    mtl_imputed = pool_imputed(list(sparse, sparse)), mtl_etable = etable(sparse)
  )
}

# A few settings, the best of them at an end: not what such a test is about.
quiet_edge <- function(value) {
  withCallingHandlers(value, warning = function(w) {
    if (grepl("that was tried", conditionMessage(w), fixed = TRUE)) invokeRestart("muffleWarning")
  })
}

# Noise has no codes that X and Z share, so a mixed form of it is a Heywood case: not what such a test is about.
quiet_heywood <- function(value) {
  withCallingHandlers(value, warning = function(w) {
    if (grepl("Heywood case", conditionMessage(w), fixed = TRUE)) invokeRestart("muffleWarning")
  })
}
