studies <- function() {
  set.seed(2)
  data <- data.frame(site = rep(c("north", "south", "west"), each = 40), matrix(rnorm(720), 120))
  data$y <- 2 * data$X2 - data$X5 + rnorm(120)
  data
}

test_that("a study has the numbers of the verbs", {
  skip_without_core()
  data <- studies()
  study <- mtl_study(y ~ ., data = data, task = "site", folds = 4, pairs = 10, time_limit = 5)
  expect_true(all(study$steps$state == "done"))
  cv <- cv_sparse_mtl(y ~ ., data = data, task = "site", folds = 4, rng = 0)
  fit <- certify(refit(cv, "best"), time_limit = 5)
  expect_identical(study$verdict, cv$verdict)
  expect_equal(coef(study$fit), coef(fit), tolerance = 1e-10)
  expect_equal(study$fit$certificate$bound, fit$certificate$bound, tolerance = 1e-10)
  comparison <- compare_models(y ~ ., data = data, task = "site", folds = cv$folds)
  expect_equal(study$comparison$mean, comparison$table$mean, tolerance = 1e-10)
  expect_true(all(c("measure", "study", "estimate") %in% names(study$validation)))
  expect_match(study$methods, "120 rows in 3 data sets")
  expect_setequal(unique(sub("[a-z]$", "", study$tripod$item)), as.character(1:19))
})

test_that("its code does it again, and its page is written", {
  skip_without_core()
  data <- studies()
  study <- mtl_study(y ~ X1 + X2 + X5 + poly(X3, 2), data = data, task = site, folds = 4, pairs = 10, skip = c("comparison", "validation"))
  lines <- grep("^(cv|fit|certified|sure) <-", strsplit(study$code, "\n")[[1L]], value = TRUE)
  place <- list2env(list(data = data), parent = globalenv())
  library(sparsekin)
  for (line in lines) eval(parse(text = line), place)
  expect_equal(coef(place$fit), coef(study$fit), tolerance = 1e-10)
  folder <- file.path(tempdir(), "a study")
  files <- save_study(study, folder)
  expect_true(all(file.exists(files)))
  page <- paste(readLines(file.path(folder, "study.html"), encoding = "UTF-8"), collapse = "\n")
  expect_match(page, "What goes with y", fixed = TRUE)
  expect_output(print(study), "save_study\\(\\) writes it")
  expect_output(print(summary(study)), "of half-samples")
  expect_identical(names(tidy(study)), names(tidy(study$fit)))
})

test_that("what cannot be is said", {
  skip_without_core()
  data <- studies()
  expect_error(mtl_study(y ~ ., data = data, task = "site", rng = "a"), "rng must be one whole number", class = "sparsekin_OptionError")
  expect_error(mtl_study(y ~ ., data = data, task = "site", skip = "all"), "names a step 'all'", class = "sparsekin_OptionError")
  expect_error(mtl_study(y ~ ., data = data, task = "site", folds = 1:3), "folds must be one number")
  expect_error(save_study(1, tempdir()), "mtl_study")
})

test_that("what is asked of a refit from pooled to separate is asked of its own problem", {
  skip_without_core()
  data <- studies()
  data$y <- data$y + ifelse(data$site == "west", 1.5, 0) * data$X2
  cv <- cv_sparse_mtl(y ~ ., data = data, task = "site", folds = 4, rng = 0)
  fit <- refit(cv, "best")
  expect_true(is.finite(fit$lambda_2) && fit$lambda_2 > 0)
  proven <- certify(fit, time_limit = 5)
  expect_equal(glance(proven)$objective, glance(fit)$objective, tolerance = 1e-6)
  expect_equal(coef(proven), coef(fit), tolerance = 1e-6)
  best <- refit(cv, "average")$best_member
  expect_equal(glance(certify(best, time_limit = 5))$objective, glance(best)$objective, tolerance = 1e-6)
  kept <- cv_sparse_mtl(y ~ ., data = data, task = "site", keep = "X1", folds = 4, rng = 0)
  expect_error(certify(refit(kept, "best")), "always-in columns are tied by lambda_2", class = "sparsekin_OptionError")
})
