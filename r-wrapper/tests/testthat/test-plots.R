test_that("every object can be drawn, and the device's settings come back", {
  skip_without_core()
  data <- make_studies()
  fit <- sparse_mtl(y ~ ., data, "site", s = 3)
  path <- path_sparse_mtl(y ~ ., data, "site", s = 1:3)
  cv <- quiet_edge(cv_sparse_mtl(y ~ ., data, "site", s = 1:3, lambda_z = c(0, 0.1), folds = 3, rng = 1, lambda_1 = 0, lambda_2 = 0))
  one <- cv_sparse_mtl(y ~ ., data, "site", s = 2, lambda_z = 0, folds = 3, rng = 1, lambda_1 = 0, lambda_2 = 0)
  draw(fit)
  draw(sparse_mtl(y ~ x1, data, "site", s = 1))
  draw(path)
  draw(path, over = "s", kind = "tasks")
  draw(cv)
  draw(one)
  expect_error(path_curves(path, "lambda_z", list(s = 7), "norm"), "There is no s = 7", class = "sparsekin_OptionError")
  skip_if_not_installed("ggplot2")
  for (object in list(fit, path, cv, one)) {
    built <- ggplot2::ggplot_build(ggplot2::autoplot(object))
    expect_gt(nrow(built$data[[1]]), 0)
  }
})

test_that("a curve is the norm of the coefficients it stands for", {
  skip_without_core()
  path <- path_sparse_mtl(y ~ ., make_studies(), "site", s = 2, lambda_z = c(0, 0.1))
  curves <- path_curves(path, NULL, list(), "norm")
  expect_identical(curves$x, "lambda_z")
  expect_equal(unname(curves$heights["x1", 2]), sqrt(sum(refit(path, 2)$coef_standardized["x1", ]^2)))
  counts <- path_curves(path, NULL, list(), "tasks")$heights
  expect_equal(counts[, 2], rowSums(refit(path, 2)$support)[rownames(counts)])
})

test_that("the heatmap leaves features blank where they are not selected", {
  skip_without_core()
  fit <- sparse_mtl(y ~ ., make_studies(), "site", s = 3)
  values <- shown_support(fit, 60L)
  expect_identical(!is.na(values), fit$support[rownames(values), ])
  expect_identical(nrow(shown_support(fit, 1L)), 1L)
})
