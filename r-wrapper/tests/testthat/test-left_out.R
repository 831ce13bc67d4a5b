# Internal-external validation: tables are those of Python.

studies_left_out <- function() {
  set.seed(3)
  data <- data.frame(site = rep(c("a", "b", "c"), 80), matrix(rnorm(960), 240))
  data$ill <- runif(240) < plogis(1.5 * data$X2)
  data
}

settings <- list(s = 1:2, lambda_1 = 0.01, lambda_2 = 0, lambda_z = 0, folds = 3, rng = 5)

test_that("each study is predicted by what the others lead to, as in Python", {
  skip_without_core()
  data <- studies_left_out()
  found <- do.call(validate, c(list(ill ~ X1 + X2 + X3 + X4, data, "site", family = "binomial"), settings))
  path <- tempfile(fileext = ".csv")
  write.csv(transform(data, ill = as.integer(ill)), path, row.names = FALSE)
  frame <- reticulate::import("pandas")$read_csv(path)
  there <- reticulate::import("sparsekin")$SparseMTL$from_formula("ill ~ X1 + X2 + X3 + X4", frame, task = "site", family = "binomial")
  there <- there$validate(s = 1:2, lambda_1 = 0.01, lambda_2 = 0, lambda_z = 0, folds = 3L, rng = 5L)
  numbers <- function(table, name) unlist(table[[name]]$tolist())
  for (name in c("auc", "auc_se", "cal_slope", "brier")) expect_equal(found$performance[[name]], numbers(there$performance, name), tolerance = 1e-10)
  for (name in c("estimate", "pred_lower", "tau2")) expect_equal(found$pooled[[name]], numbers(there$pooled, name), tolerance = 1e-10)
  expect_identical(found$settings$features, numbers(there$settings, "features"))
  rows <- augment(found, data)
  expect_equal(rows$.linear, numbers(there$augment(frame), ".linear"), tolerance = 1e-10)
  expect_equal(rows$.fitted, plogis(rows$.linear))
  # By hand: the others tuned by numbers of their own, predicted by their mean.
  chosen <- found$settings[2L, ]
  others <- sparse_mtl(ill ~ X1 + X2 + X3 + X4, data[data$site != "b", ], "site", s = chosen$s, lambda_1 = 0.01, family = "binomial")
  by_hand <- predict(others, data[data$site == "b", ], how = "mean")
  expect_equal(rows$.fitted[data$site == "b"], unname(by_hand), tolerance = 1e-6)
  expect_identical(nobs(found), 240L)
  expect_identical(unique(tidy(found)$type), c("study", "mean", "new study"))
  expect_identical(glance(found)$auc, found$pooled$estimate[found$pooled$measure == "auc"])
  expect_output(print(summary(found)), "Chosen without each study")
  expect_output(print(found), "the others tuned anew (best)", fixed = TRUE)
  one <- validate(ill ~ X1 + X2, data, "site", family = "binomial", s = 1, lambda_1 = 0.01, lambda_2 = 0, lambda_z = 0)
  expect_output(print(one), "the others fitted anew (one setting, nothing to tune)", fixed = TRUE)
  shown <- measure_of(found, "cal_slope")
  expect_identical(shown$line, 1)
  expect_equal(shown$middle$ends[2L], found$pooled$estimate[found$pooled$measure == "cal_slope"])
  expect_silent(draw(found))
  expect_silent(draw(found, type = "calibration"))
  skip_if_not_installed("ggplot2")
  for (type in c("forest", "calibration")) drawn_on(7, 5, function() expect_silent(print(ggplot2::autoplot(found, type = type))))
})

test_that("what cannot be left out is said", {
  skip_without_core()
  data <- studies_left_out()
  ask <- function(...) do.call(validate, c(list(ill ~ X1 + X2, data, family = "binomial", ...), settings))
  expect_error(ask(), "needs at least 2", class = "sparsekin_OptionError")
  found <- ask(task = "site")
  expect_error(plot(found, measure = "rmse"), "measure = \"rmse\" is not there; there are 'explained'", fixed = TRUE)
  expect_error(plot(found, type = "survival"), "is of survival times", class = "sparsekin_OptionError")
  expect_error(ask(task = "site", which = "worst"), "which", class = "sparsekin_OptionError")
  expect_error(augment(found, data[240:1, ]), "different orders", class = "sparsekin_DataError")
})

test_that("two studies have a mean, and predict no third", {
  skip_without_core()
  data <- studies_left_out()
  data <- data[data$site != "c", ]
  found <- do.call(validate, c(list(ill ~ X1 + X2, data, "site", family = "binomial"), settings))
  expect_true(all(is.na(found$pooled$pred_lower)))
  expect_true(all(found$pooled$upper[found$pooled$scale == "-log(1 - x)"] < 1))
  expect_match(measure_of(found, "auc")$title, "^I2 = ")
  expect_silent(draw(found))
})
