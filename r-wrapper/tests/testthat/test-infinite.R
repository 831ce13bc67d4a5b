test_that("lambda_2 = Inf is lm with an intercept per task", {
  skip_without_core()
  data <- make_studies()
  fit <- sparse_mtl(y ~ . - w, data, "site", s = 3, lambda_2 = Inf, keep = "group", weights = "w")
  chosen <- fit$selected
  expect_length(chosen, 3)
  one <- lm(reformulate(c("site", "group", sub("TRUE$", "", chosen)), "y"), data, weights = w)
  shared <- setdiff(names(coef(one)), c("(Intercept)", grep("^site", names(coef(one)), value = TRUE)))
  for (site in fit$tasks) expect_equal(coef(fit)[shared, site], coef(one)[shared], tolerance = 1e-9)
  expect_equal(unname(fitted(fit)), unname(fitted(one)), tolerance = 1e-9)
  expect_output(print(summary(fit)), "Pooled L0 regression")
  expect_output(print(summary(fit)), "lambda_2 = Inf: one coefficient vector, of kept terms too, for all tasks")
  expect_equal(glance(fit)$lambda_2, Inf)
  expect_equal(certify(fit)$certificate$status, "optimal")
})

test_that("Inf stands beside other values, and what is chosen can be fitted again", {
  skip_without_core()
  data <- make_studies()
  asked <- quote(path_sparse_mtl(y ~ x1 + x2 + x3, data, "site", s = 2, lambda_1 = 0.1, lambda_2 = c(0, 1, Inf), lambda_z = 0))
  path <- eval(asked)
  expect_equal(path$table$lambda_2, c(0, 1, Inf))
  for (at in seq_len(3)) {
    fit <- refit(path, at)
    again <- eval(fit$call)
    expect_equal(coef(fit), coef(again), tolerance = 1e-8)
    expect_equal(fit$overall$objective, path$table$objective[at], tolerance = 1e-8)
  }
  cv <- quiet_edge(cv_sparse_mtl(y ~ x1 + x2 + x3, data, "site", s = 1:2, lambda_2 = c(0, Inf), lambda_z = 0, folds = 4, rng = 1))
  expect_true(all(is.finite(cv$table$mean)))
  fit <- refit(cv)
  expect_equal(coef(fit), coef(eval(fit$call)), tolerance = 1e-8)
  pdf(NULL)
  on.exit(dev.off())
  expect_no_error(plot(path, over = "lambda_2"))
  expect_no_error(plot(cv))
  if (requireNamespace("ggplot2", quietly = TRUE)) expect_no_error(print(ggplot2::autoplot(path, over = "lambda_2")))
})

test_that("other penalties stay finite", {
  data <- make_studies()
  expect_error(sparse_mtl(y ~ x1 + x2, data, "site", s = 1, lambda_z = Inf), "lambda_z must be", class = "sparsekin_OptionError")
  expect_error(sparse_mtl(y ~ x1 + x2, data, "site", s = 1, lambda_2 = -Inf), "lambda_2 must be", class = "sparsekin_OptionError")
})
