test_that("a setting of a path is the fit it makes", {
  skip_without_core()
  data <- make_studies()
  path <- path_sparse_mtl(y ~ . - w, data, "site", s = 1:3, lambda_z = c(0, 0.1, 1), keep = c("x5", "x6"))
  expect_identical(nrow(path$table), 9L)
  for (at in c(1L, 5L, 9L)) {
    fit <- refit(path, at)
    expect_equal(coef(path, at), coef(fit), tolerance = 1e-12)
    expect_equal(predict(path, data, at), fitted(fit), tolerance = 1e-12)
    expect_equal(glance(fit)$objective, path$table$objective[at], tolerance = 1e-9)
  }
  expect_equal(coef(refit(path)), coef(path, which.min(path$table$ebic)))
  found <- tidy(path)
  expect_identical(sum(found$setting == 9L), as.integer(path$table$selected[9] * 2))
  expect_equal(found$s, path$table$s[found$setting])
  expect_error(coef(path, 10), "1 to 9, or \"ebic\", not 10", class = "sparsekin_OptionError")
  expect_output(print(path), "9 settings")
})

test_that("the path at one setting is sparse_mtl there", {
  skip_without_core()
  data <- make_studies()
  path <- path_sparse_mtl(y ~ x1 + x2 + x3, data, "site", s = 2, lambda_z = 0.1)
  fit <- sparse_mtl(y ~ x1 + x2 + x3, data, "site", s = 2, lambda_z = 0.1)
  expect_equal(coef(path, 1), coef(fit), tolerance = 1e-10)
})

cross_validate <- function(data, ...) {
  cv_sparse_mtl(y ~ . - w, data, "site", s = 1:4, lambda_z = c(0, 0.05, 0.5), keep = "x6", lambda_1 = 0, lambda_2 = 0, ...)
}

test_that("set.seed() governs the folds, and folds can be given back", {
  skip_without_core()
  data <- make_studies()[sample(120), ]
  set.seed(4)
  one <- cross_validate(data, folds = 4)
  set.seed(4)
  expect_identical(cross_validate(data, folds = 4)$table, one$table)
  expect_true(all(table(one$folds, data$site) == 15))
  expect_equal(cross_validate(data, folds = one$folds)$table, one$table)
  expect_false(identical(cross_validate(data, folds = 4, rng = 5)$folds, one$folds))
})

test_that("folds follow the rows that are left", {
  skip_without_core()
  data <- make_studies()
  data$x1[c(3, 70)] <- NA
  given <- rep(1:3, 40)
  given[10] <- NA
  cv <- cross_validate(data, folds = given, missing = "drop")
  expect_identical(cv$folds, replace(given, c(3, 70), NA))
  whole <- cross_validate(data[-c(3, 70), ], folds = given[-c(3, 70)])
  expect_equal(cv$table, whole$table)
})

test_that("the refit is the fit at the setting that was chosen", {
  skip_without_core()
  data <- make_studies()
  cv <- cross_validate(data, folds = 4, rng = 1)
  for (which in c("best", "1se")) {
    fit <- refit(cv, which)
    chosen <- cv$table[if (which == "best") cv$best else cv$best_1se, ]
    expect_identical(unname(fit$s), rep(as.integer(chosen$s), 2))
    expect_identical(fit$lambda_z, chosen$lambda_z)
    again <- sparse_mtl(y ~ . - w, data, "site", s = chosen$s, lambda_z = chosen$lambda_z, keep = "x6")
    expect_lte(glance(fit)$objective, glance(again)$objective + 1e-10)
    each <- cbind(predict(fit, data, task = "north"), predict(fit, data, task = "south"))
    expect_equal(predict(fit, data, how = "stack"), drop(fit$stacking$intercept + each %*% fit$stacking$weights))
  }
  expect_identical(names(tidy(cv))[5:9], c("estimate", "std.error", "conf.low", "conf.high", "nzero"))
  expect_identical(glance(cv)$n_folds, 4L)
  expect_output(print(cv), "RMSE on held-out rows: 4 folds, within-task, 12 settings")
  expect_equal(cv$table$mean, rowMeans(cv$per_fold))
  expect_identical(colnames(cv$per_task), c("north", "south"))
})

test_that("the null model is a row, and the choice where nothing predicts", {
  skip_without_core()
  data <- make_studies()
  cv <- cross_validate(data, folds = 4, rng = 1)
  expect_identical(rownames(cv$table), c(1:12, "null"))
  expect_gt(cv$best, 0)
  set.seed(2)
  data$noise <- rnorm(120)
  run <- function(...) cv_sparse_mtl(noise ~ x1 + x2 + x3 + x4, data, "site", rng = 1, folds = 4, lambda_z = 0, lambda_1 = 0, lambda_2 = 0, ...)
  cv <- run(s = 0:2)
  expect_identical(cv$best_1se, nrow(cv$table))
  fit <- refit(cv, "1se")
  expect_true(all(coef(fit)[-1L, ] == 0))
  expect_equal(unname(coef(fit)["(Intercept)", ]), unname(c(tapply(data$noise, data$site, mean))))
  expect_output(print(fit), "No feature is selected in any task")
  expect_lt(run(s = 1:2)$best, nrow(cv$table))
  expect_output(print(cv), "null")
})

test_that("errors of outcomes are relative to the null model, in any unit", {
  skip_without_core()
  data <- make_studies()
  set.seed(3)
  data$grams <- 1000 * (data$x2 + rnorm(120))
  run <- function(data) {
    quiet_edge(cv_sparse_mtl(
      cbind(y, grams) ~ x1 + x2 + x3, data, s = 1:2, folds = 4, rng = 1, scale_outcome = TRUE, lambda_z = 0.1, lambda_1 = 0, lambda_2 = 0
    ))
  }
  cv <- run(data)
  expect_identical(cv$metric, "relative rmse")
  expect_identical(unique(cv$table$metric), "relative rmse")
  expect_equal(cv$table["null", "mean"], 1)
  expect_output(print(cv), "Relative RMSE on held-out rows")
  data$grams <- data$grams / 1000
  expect_equal(run(data)$table, cv$table)
  plain <- cv_sparse_mtl(y ~ x1 + x2, data, s = 1, folds = 4, rng = 1, lambda_z = 0, lambda_1 = 0, lambda_2 = 0)
  fold <- plain$folds
  left <- lapply(1:4, function(f) data$y[fold == f] - mean(data$y[fold != f]))
  expect_equal(plain$table["null", "mean"], mean(vapply(left, function(r) sqrt(mean(r^2)), 1)))
})

test_that("groups stay together and studies can be left out", {
  skip_without_core()
  data <- make_studies()
  patient <- rep(paste0("p", 1:40), 3)
  cv <- cross_validate(data, folds = 4, groups = patient, rng = 1)
  expect_true(all(tapply(cv$folds, patient, function(fold) length(unique(fold))) == 1))
  cv <- cross_validate(data, scheme = "leave-one-task-out", ensemble = "mean")
  expect_identical(cv$folds, rep(1:2, each = 60))
})

test_that("folds and groups that do not fit are refused", {
  data <- make_studies()
  refused <- function(message, ...) expect_error(cross_validate(data, ...), message, class = "sparsekin_error")
  refused("folds has 3 values for 120 rows.", folds = 1:3)
  refused("must be whole numbers 1, 2", folds = rep(0:1, 60))
  refused("groups has missing values", groups = c(NA, rep(1, 119)))
})

test_that("the errors of each task are called what they are", {
  skip_without_core()
  cv <- quiet_edge(cv_sparse_mtl(
    cbind(Sepal.Length, Sepal.Width) ~ Petal.Length + Species, iris, s = 0:2, folds = 3, rng = 1, lambda_1 = 0, lambda_2 = 0
  ))
  expect_output(print(summary(cv)), "Relative RMSE per task:", fixed = TRUE)
})

test_that("methods are compared on the same folds", {
  skip_without_core()
  data <- make_studies()
  found <- compare_models(y ~ x1 + x2 + x3 + x4, data, "site", s = 1:3, lambda_z = c(0, 0.1), folds = 4, rng = 1)
  table <- found$table
  expect_identical(table$method, c(
    "null", "pooled lasso", "pooled ridge", "pooled L0", "pretrained lasso", "shared supports", "common support",
    "dial, averaged", "lasso per task", "ridge per task", "independent L0"
  ))
  expect_equal(table$mean, unname(colMeans(found$per_fold)))
  best <- which.min(table$mean)
  gap <- found$per_fold - found$per_fold[[best]]
  expect_equal(table$difference, unname(colMeans(gap)))
  expect_equal(table$difference_se, unname(sapply(gap, sd) * sqrt(1 / 4 + 1 / 3)))
  expect_identical(found$indistinct, table$method[table$difference <= table$difference_se])
  expect_output(print(found), "Not available: multi-task lasso")
  expect_output(print(found), substr(found$verdict, 1, 30), fixed = TRUE)
  expect_output(print(found), paste0("Best: ", table$method[best]), fixed = TRUE)
  expect_type(table$selected, "double")
  expect_true(all(table$union >= table$selected))
  expect_true(all(c("method", "estimate", "std.error", "difference.se", "nzero") %in% names(tidy(found))))
  expect_identical(glance(found)$best, table$method[best])
  expect_match(glance(found)$chosen, "pooling|sharing|separate models")
})

test_that("boosting is compared when asked for", {
  skip_without_core()
  data <- make_studies()
  found <- compare_models(y ~ x1 + x2, data, "site", s = 1, lambda_z = 0, folds = 2, boosting = TRUE, rng = 1)
  expect_identical(found$table$method[nrow(found$table)], "gradient boosting")
  expect_true(is.na(found$table$selected[nrow(found$table)]))
  expect_error(compare_models(y ~ x1, data, "site", boosting = "yes"), "boosting")
})

test_that("a fit can be certified", {
  skip_if_not(core_available())
  set.seed(3)
  studies <- data.frame(site = rep(c("north", "south", "west"), each = 30), matrix(rnorm(900), 90))
  studies$y <- 2 * studies$X2 - studies$X5 + rnorm(90)
  fit <- sparse_mtl(y ~ ., data = studies, task = "site", s = 2, lambda_1 = 0.02, lambda_z = 0.1)
  proven <- certify(fit)
  expect_s3_class(proven, "sparse_mtl")
  expect_identical(proven$certificate$status, "optimal")
  expect_lte(proven$certificate$gap, 1e-4)
  expect_lte(proven$certificate$bound, proven$overall$objective)
  expect_lte(proven$overall$objective, fit$overall$objective)
  expect_output(print(summary(proven)), "lower bound")
  expect_identical(proven$call, fit$call)
  expect_error(certify(fit, gap = -1), class = "sparsekin_error")
  cuts <- certify(fit, time_limit = 1, method = "outer-approximation")
  expect_identical(cuts$certificate$route, "outer approximation")
  expect_lte(cuts$certificate$bound, proven$overall$objective)
  expect_error(certify(fit, method = "cuts"), "method = 'cuts' is not one of")
  solved <- function(solver) {
    sparse_mtl(y ~ ., data = studies, task = "site", s = 2, lambda_1 = 0.02, lambda_z = 0.1, solver = solver)
  }
  also <- solved("scip")
  expect_identical(also$certificate$status, "optimal")
  expect_equal(coef(also), coef(proven))
  expect_null(also$fractional)
  relaxed <- solved("relaxation")
  expect_identical(dimnames(relaxed$fractional), dimnames(relaxed$support))
  expect_lte(relaxed$certificate$bound, proven$overall$objective)
  expect_gte(relaxed$overall$objective, (1 - 1e-4) * proven$overall$objective)
  expect_error(solved("cplex"), "solver = 'cplex' is not one of")
})

test_that("a path can have bounds", {
  skip_if_not(core_available())
  found <- path_sparse_mtl(mpg ~ ., data = mtcars, task = "am", s = 2, lambda_1 = 0.1, lambda_z = c(0, 1), bounds = TRUE)
  expect_true(all(found$table$bound > 0 & found$table$bound <= found$table$objective))
  expect_equal(found$table$gap, 1 - found$table$bound / found$table$objective)
  expect_null(path_sparse_mtl(mpg ~ ., data = mtcars, task = "am", s = 2, lambda_z = 0)$table$bound)
})
