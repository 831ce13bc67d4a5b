two_fits <- function(data = make_studies(), ...) {
  list(
    sparse_mtl(y ~ . - w, data, "site", s = 3, lambda_1 = 0.1, ...), sparse_mtl(y ~ . - w, data, "site", s = 1, ...)
  )
}

test_that("predictions are the means of predictions", {
  skip_without_core()
  data <- make_studies()
  fits <- two_fits(data, keep = "smoker", weights = "w")
  found <- average_of(fits)
  mean_of <- function(f) (f(fits[[1]]) + f(fits[[2]])) / 2
  new <- data[c(5, 80, 1), ]
  expect_equal(coef(found), mean_of(coef))
  expect_equal(predict(found, new), mean_of(function(fit) predict(fit, new)))
  expect_equal(fitted(found), mean_of(fitted))
  expect_equal(residuals(found), data$y - fitted(found), ignore_attr = TRUE)
  expect_equal(predict(found), fitted(found))
  new$site <- "west"
  expect_equal(predict(found, new, how = "mean"), mean_of(function(fit) predict(fit, new, how = "mean")))
  expect_equal(predict(found, new, task = "south"), mean_of(function(fit) predict(fit, new, task = "south")))
  expect_equal(deviance(found), sum(data$w * residuals(found)^2))
  expect_identical(nobs(found), nobs(fits[[1]]))
  expect_equal(augment(found, data)$.fitted, unname(fitted(found)))
})

test_that("what is read is what is not small; tidy() has the rest too", {
  skip_without_core()
  fits <- two_fits()
  found <- average_of(fits, cut = 0.2)
  scaled <- (fits[[1]]$coef_standardized + fits[[2]]$coef_standardized) / 2
  large <- apply(abs(scaled), 2, function(size) size > 0 & size >= 0.2 * max(size))
  expect_equal(found$support, large)
  expect_identical(found$selected, rownames(large)[rowSums(large) > 0])
  expect_lt(sum(found$support), sum(found$inclusion > 0))
  cells <- tidy(found)
  plain <- tidy(fits[[1]])
  expect_identical(names(cells), c(names(plain), "inclusion"))
  chosen <- cells[cells$kind == "candidate", ]
  at <- cbind(match(chosen$term, rownames(scaled)), match(chosen$task, colnames(scaled)))
  expect_equal(chosen$inclusion, found$inclusion[at])
  expect_equal(chosen$selected, found$support[at])
  expect_equal(chosen$estimate_standardized, ifelse(scaled[at] == 0, NA, scaled[at]))
  expect_setequal(chosen$term, rownames(scaled)[rowSums(scaled != 0) > 0])
  expect_identical(unique(chosen$term)[seq_along(found$selected)], rownames(scaled)[found$ranked])
  expect_true(all(cells$inclusion[cells$kind != "candidate"] == 1))
  expect_identical(names(glance(found)), c("n_tasks", "nobs", "settings", "r.squared"))
})

test_that("print and summary name what was averaged", {
  skip_without_core()
  found <- average_of(two_fits(), cut = 0.2, families = c("share", "pool"))
  out <- paste(capture.output(print(found)), collapse = "\n")
  expect_match(out, "2 tasks by site, 120 rows, mean of 2 settings (1 pool, 1 share)", fixed = TRUE)
  expect_match(out, "above the cut of 0.2 in any task", fixed = TRUE)
  expect_match(out, "Share the supports.", fixed = TRUE)
  expect_match(out, "x1 +2/2 +100 %")
  long <- gsub("\\s+", " ", paste(capture.output(print(summary(found))), collapse = "\n"))
  expect_match(long, "Mean of 2 settings of L0 regressions", fixed = TRUE)
  expect_match(long, "s = 1 to 3, lambda_1 = 0 to 0.1, lambda_2 = 0, lambda_z = 0", fixed = TRUE)
  expect_match(long, "Best single setting: share, s = 3, lambda_1 = 0.1, lambda_2 = 0, lambda_z = 0 (CV error 0.1), a fit", fixed = TRUE)
  expect_match(long, "below 20 % of the largest of the task (standardised) are not. Predictions use all", fixed = TRUE)
  expect_false(grepl("resid_sd", long))
  found$predicts_cut <- TRUE
  found$coefficients[rownames(found$support), ][!found$support] <- 0
  left <- gsub("\\s+", " ", paste(capture.output(print(summary(found))), collapse = " "))
  expect_match(left, "were left out and the intercepts fitted again")
  whole <- capture.output(print(summary(average_of(two_fits(), cut = 0))))
  expect_match(paste(whole, collapse = " "), "Shown is every feature that a setting selects")
})

test_that("what only one fit has is refused", {
  skip_without_core()
  found <- average_of(two_fits())
  expect_error(predict(found, how = "stack"), "an average of several settings does not have", class = "sparsekin_OptionError")
  expect_error(certify(found), "'sparse_mtl_average'.*best_member", class = "sparsekin_Unavailable")
  expect_error(update(found, s = 2), "update the cross-validation, and refit", class = "sparsekin_Unavailable")
  expect_error(logLik(found), "'sparse_mtl_average': a mean of fits", class = "sparsekin_Unavailable")
  for (ask in list(vcov, confint, pvalues)) expect_error(ask(found), "too optimistic", class = "sparsekin_Unavailable")
})

test_that("pictures are paler where fewer settings select", {
  skip_without_core()
  found <- average_of(two_fits())
  draw(found)
  draw(found, max_features = 1)
  expect_identical(support_title(found, found$support), "Selected features, paler: in fewer settings")
  values <- matrix(c(-1, 0, 1, 1), 2)
  expect_identical(cell_colours(values, 1, 1 + 0 * values), grDevices::rgb(t(grDevices::col2rgb(diverging()[c(1, 51, 101, 101)])) / 255))
  expect_identical(cell_colours(values, 1, 0 * values), rep("#FFFFFF", 4))
  skip_if_not_installed("ggplot2")
  cells <- ggplot2::autoplot(found)$data
  shares <- found$inclusion[cbind(as.character(cells$feature), as.character(cells$task))]
  expect_equal(cells$opaque, 0.15 + 0.85 * shares)
  expect_true(all(ggplot2::autoplot(two_fits()[[1]])$data$opaque == 1))
})

test_that("an average needs no Python once it is there", {
  skip_without_core()
  data <- make_studies()
  found <- average_of(two_fits(data))
  elsewhere <- without_python(found, data)
  expect_equal(elsewhere[[1]], predict(found, data))
  expect_equal(elsewhere[[2]], tidy(found))
})

test_that("several outcomes and an offset are averaged too", {
  skip_without_core()
  cars <- mtcars
  pair <- lapply(2:1, function(s) sparse_mtl(cbind(mpg, qsec) ~ wt + hp + drat, cars, s = s))
  expect_equal(predict(average_of(pair), cars), (predict(pair[[1]], cars) + predict(pair[[2]], cars)) / 2)
  moved <- lapply(2:1, function(s) sparse_mtl(mpg ~ wt + hp + offset(drat), cars, "am", s = s))
  found <- average_of(moved)
  expect_equal(predict(found, cars), (predict(moved[[1]], cars) + predict(moved[[2]], cars)) / 2)
  expect_equal(fitted(found), predict(found, cars))
  expect_equal(unname(residuals(found)), cars$mpg - unname(fitted(found)))
})
