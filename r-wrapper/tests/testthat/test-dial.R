# Pool, share or separate: R says what Python says, and the fits are those of the rows.

skip_if_not(core_available())

sites <- function() {
  set.seed(3)
  data <- data.frame(site = rep(c("A", "B", "C"), each = 40), matrix(rnorm(120 * 5), 120))
  names(data)[-1L] <- paste0("x", 1:5)
  data$y <- 2 * data$x1 - data$x2 + as.integer(factor(data$site)) + rnorm(120)
  data
}

cv_of <- function(...) cv_sparse_mtl(y ~ ., sites(), "site", folds = 4, rng = 1, ...)

test_that("equal truths are pooled, and a pooled fit is one regression with an intercept per site", {
  cv <- cv_of()
  expect_s3_class(cv, c("cv_dial", "cv_sparse_mtl"), exact = TRUE)
  expect_match(cv$verdict, "^Pooling( is best| and |, )")
  expect_identical(cv$families$family, c("pool", "share", "separate"))
  fit <- refit(cv)
  chosen <- intersect(rownames(coef(fit))[coef(fit)[, 1L] != 0], paste0("x", 1:5))
  ridge <- cv$table$lambda_1[cv$best]
  if (ridge == 0) {
    by_lm <- coef(lm(reformulate(c("0 + site", chosen), "y"), sites()))
    expect_equal(unname(coef(fit)[chosen, 1L]), unname(by_lm[chosen]), tolerance = 1e-6)
  }
  expect_equal(coef(fit)[chosen, "A"], coef(fit)[chosen, "C"])
  expect_equal(nrow(predict(refit(cv, "1se"), sites()[1:5, ])), NULL)
  average <- refit(cv, "average")
  expect_s3_class(average, "sparse_mtl_average")
  expect_length(predict(average, sites()[1:5, ]), 5L)
  few <- refit(cv, "average", features = 3)
  expect_lte(length(few$selected), 3L)
  expect_setequal(few$selected, intersect(rownames(coef(few))[rowSums(coef(few) != 0) > 0], paste0("x", 1:100)))
  expect_error(refit(cv, "best", features = 3), "features is for which", class = "sparsekin_OptionError")
  expect_error(refit(cv, "average", features = 0), "features = 0 is not a whole number", class = "sparsekin_OptionError")
})

test_that("it prints, draws and can be asked", {
  cv <- cv_of()
  expect_output(print(cv), "Pooling( is best| and |, )")
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  expect_identical(plot(cv), cv)
  skip_if_not_installed("ggplot2")
  expect_s3_class(ggplot2::autoplot(cv), "ggplot")
  expect_error(refit(cv, "mean"), class = "sparsekin_error")
})

test_that("numbers for lambda_2 are a grid, as before, and a best value at its end is named", {
  expect_warning(
    cv <- cv_of(s = 1:2, lambda_1 = 0, lambda_2 = 0, lambda_z = 0),
    "The best s is the largest that was tried, 2; try larger ones", class = "sparsekin_DataWarning"
  )
  expect_identical(class(cv), "cv_sparse_mtl")
})

test_that("an automatic lambda_2 of a path goes from separate to pooled", {
  path <- path_sparse_mtl(y ~ x1 + x2 + x3 + x4, sites(), "site", s = 2, lambda_2 = "auto", lambda_z = 0)
  expect_equal(path$table$lambda_2, c(0, 0.03, 0.1, 0.3, 1, 10, Inf))
  expect_false(is.unsorted(path$table$objective))
  for (i in c(1, 4, 7)) expect_equal(glance(refit(path, at = i))$objective, path$table$objective[i], tolerance = 1e-8)
})

test_that("outcomes of one design are not pooled", {
  data <- transform(sites(), z = 0.5 * x1 + x3 + rnorm(120))
  cv <- cv_sparse_mtl(cbind(y, z) ~ x1 + x2 + x3 + x4, data, folds = 4, rng = 1)
  expect_identical(cv$families$family, c("share", "separate"))
})
