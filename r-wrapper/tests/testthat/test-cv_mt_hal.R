test_that("the refit is the fit at the lambda that was chosen", {
  skip_without_core()
  data <- make_centres()[sample(180), ]
  cross_validate <- function(...) cv_mt_hal(rate ~ h(age) + h(bmi) + sex, data, "centre", n_lambda = 20, folds = 4, ...)
  set.seed(4)
  cv <- cross_validate()
  set.seed(4)
  expect_identical(cross_validate()$table, cv$table)
  given <- cv_mt_hal(rate ~ h(age) + h(bmi) + sex, data, "centre", lambda = cv$table$lambda[is.na(cv$table$linear)], folds = cv$folds)
  expect_equal(given$table, cv$table[is.na(cv$table$linear), ])
  for (which in c("best", "1se")) {
    fit <- refit(cv, which)
    chosen <- cv$table[if (which == "best") cv$best else cv$best_1se, ]
    expect_identical(fit$lambda, chosen$lambda)
    again <- mt_hal(rate ~ h(age) + h(bmi) + sex, data, "centre", lambda = chosen$lambda, tolerance = 1e-9, linear = fit$linear)
    expect_equal(glance(fit)$objective, glance(again)$objective, tolerance = 1e-6)
    expect_equal(predict(fit, data), fitted(fit), tolerance = 1e-10)
  }
  expect_named(tidy(cv), c("l1_ratio", "linear", "lambda", "estimate", "std.error", "conf.low", "conf.high", "nzero"))
  expect_identical(glance(cv)$lambda.min, cv$table$lambda[cv$best])
  expect_output(print(cv), "RMSE on held-out rows: 4 folds, ")
  patient <- rep(paste0("p", 1:60), 3)
  grouped <- cross_validate(groups = patient, rng = 1)
  expect_true(all(tapply(grouped$folds, patient, function(fold) length(unique(fold))) == 1))
})

test_that("several shares of the 1-norm are judged one by one", {
  skip_without_core()
  data <- make_centres()
  judge <- function(...) cv_mt_hal(rate ~ h(age) + h(bmi), data, "centre", n_lambda = 10, folds = 3, rng = 2, linear = NULL, ...)
  cv <- judge(penalty = "sparse-group", l1_ratio = c(0, 0.5, 1))
  alone <- rbind(judge()$table, judge(penalty = "sparse-group")$table, judge(penalty = "lasso")$table)
  expect_equal(cv$table, alone)
  expect_identical(cv$best, which.min(alone$mean))
  expect_identical(refit(cv)$lambda, alone$lambda[cv$best])
  expect_identical(glance(cv)$l1_ratio, alone$l1_ratio[cv$best])
  again <- mt_hal(
    rate ~ h(age) + h(bmi), data, "centre", lambda = refit(cv)$lambda, penalty = "sparse-group",
    l1_ratio = glance(cv)$l1_ratio, tolerance = 1e-9
  )
  expect_equal(glance(refit(cv))$objective, glance(again)$objective, tolerance = 1e-6)
  expect_output(print(cv), "l1_ratio")
  expect_error(judge(l1_ratio = c(0, 1)), 'Several l1_ratio need penalty = "sparse-group"', class = "sparsekin_OptionError")
  draw(cv)
  skip_if_not_installed("ggplot2")
  expect_identical(nlevels(ggplot2::autoplot(cv)$data$sequence), 3L)
})

test_that("a lambda of a path is the fit it makes", {
  skip_without_core()
  data <- make_centres()
  path <- path_mt_hal(rate ~ h(age) + h(ward), data, "centre", lambda = c(5, 1, 0.2))
  fit <- refit(path, 3)
  expect_equal(glance(fit)$objective, path$table$objective[3])
  expect_identical(length(fit$terms), as.integer(path$table$selected[3]))
  expect_equal(sum(rowMeans(fit$effects)[fit$term_sections == "age"]), unname(path$variation[3, "age"]))
  expect_identical(nrow(tidy(path)), 3L * ncol(path$variation))
  expect_error(refit(path, 4), "1 to 3, not 4", class = "sparsekin_OptionError")
  expect_output(print(path), "3 lambdas")
})

test_that("penalties can follow a fit", {
  skip_without_core()
  data <- make_centres()
  first <- mt_hal(rate ~ h(age) + h(bmi) + h(w), data, "centre", lambda = 0.5)
  shares <- unlist(section_shares(first))
  expect_equal(sum(shares), 1)
  adapted <- mt_hal(rate ~ h(age) + h(bmi) + h(w), data, "centre", lambda = 0.5, adapt = first, tolerance = 1e-9)
  pf <- 1.02 / (ifelse(is.na(shares[c("age", "bmi", "w")]), 0, shares[c("age", "bmi", "w")]) + 0.02)
  by_hand <- mt_hal(
    rate ~ h(age, pf = pf[1]) + h(bmi, pf = pf[2]) + h(w, pf = pf[3]), data, "centre", lambda = 0.5, tolerance = 1e-9
  )
  expect_equal(fitted(adapted), fitted(by_hand), tolerance = 1e-6)
  cv <- cv_mt_hal(rate ~ h(age) + h(bmi) + h(w), data, "centre", n_lambda = 10, folds = 3, rng = 1, adapt = first)
  expect_equal(predict(refit(cv), data), fitted(refit(cv)), tolerance = 1e-10)
  path <- path_mt_hal(rate ~ h(age) + h(bmi) + h(w), data, "centre", lambda = 0.5, adapt = first)
  expect_equal(path$table$objective, glance(adapted)$objective, tolerance = 1e-6)
  expect_error(
    mt_hal(rate ~ h(age), data, "centre", lambda = 1, adapt = first), "The fit has the variables age, bmi, w and this",
    class = "sparsekin_OptionError"
  )
  nothing <- mt_hal(rate ~ h(age), data, "centre", lambda = 1e6)
  expect_error(
    mt_hal(rate ~ h(age), data, "centre", lambda = 1, adapt = nothing), "The fit has no function",
    class = "sparsekin_OptionError"
  )
  expect_error(
    mt_hal(rate ~ h(age), data, "centre", lambda = 1, adapt = data), "adapt must be a fit of mt_hal",
    class = "sparsekin_OptionError"
  )
})

test_that("lines have a penalty of their own where that predicts better, and are named", {
  skip_without_core()
  set.seed(3)
  data <- data.frame(centre = rep(c("A", "B"), each = 80), age = runif(160, 30, 75), bmi = runif(160, 18, 40))
  data$rate <- 100 + 0.3 * data$age - data$bmi + rnorm(160)
  judge <- function(...) cv_mt_hal(rate ~ h(.) + h(age, bmi), data, "centre", n_lambda = 15, folds = 4, rng = 1, ...)
  cv <- judge()
  expect_setequal(cv$table$linear, c(NA, 0.3, 0.1))
  expect_false(is.na(glance(cv)$linear))
  alone <- judge(linear = glance(cv)$linear)
  expect_equal(alone$table, cv$table[which(cv$table$linear == glance(cv)$linear), ], ignore_attr = TRUE)
  expect_true(all(is.na(judge(linear = NULL)$table$linear)))
  fit <- refit(cv, "1se")
  expect_identical(fit$linear, glance(cv)$linear)
  expect_identical(fit$forms$form, c("linear", "linear"))
  expect_identical(fit$forms$knots, c(0L, 0L))
  expect_identical(unique(subset(tidy(fit), section == "age")$form), "linear")
  least_squares <- lm(rate ~ centre * (age + bmi), data)
  expect_gt(cor(fitted(fit), fitted(least_squares)), 0.999)
  again <- eval(fit$call)
  expect_equal(fitted(again), fitted(fit), tolerance = 1e-3)
  expect_output(print(summary(fit)), "lines have a penalty of their own")
  expect_output(print(cv), "linear")
  path <- path_mt_hal(rate ~ h(.), data, "centre", lambda = c(2, 0.5), linear = 0.1)
  expect_equal(refit(path, 2)$linear, 0.1)
  expect_error(mt_hal(rate ~ h(.), data, "centre", lambda = 1, linear = 2), "linear must be", class = "sparsekin_OptionError")
  expect_error(
    mt_hal(rate ~ h(.), data, "centre", lambda = 1, order = 0, linear = 0.1), "order 0 makes steps only",
    class = "sparsekin_OptionError"
  )
})

test_that("lines, curves and trees are compared on the same folds", {
  skip_without_core()
  set.seed(3)
  data <- data.frame(centre = rep(c("A", "B"), each = 60), age = runif(120, 30, 75), fold = rep(1:3, 40))
  data$rate <- 100 + 0.3 * data$age + rnorm(120)
  found <- compare_mt_hal(rate ~ h(age), data, "centre", n_lambda = 10, folds = "fold")
  expect_s3_class(found, "compare_models")
  expect_identical(
    found$table$method, c("null", "multi-task lasso", "lasso per task", "MTHAL", "HAL per task", "boosting")
  )
  null <- sapply(1:3, function(fold) {
    mean(sapply(split(data, data$centre), function(part) {
      out <- part$fold == fold
      sqrt(mean((part$rate[out] - mean(part$rate[!out]))^2))
    }))
  })
  expect_equal(found$per_fold$null, null)
  gaps <- found$per_fold$null - found$per_fold[[found$glance$best]]
  expect_equal(found$table$difference_se[1L], sd(gaps) * sqrt(1 / 3 + 1 / 2))
  expect_match(found$verdict, "Lines are enough")
  expect_output(print(found), "Comparison by RMSE, 3 folds")
  draw(found)
})
