test_that("rows with a missing value are predicted as NA, and a new study by the mean of the models", {
  skip_without_core()
  data <- make_studies()
  fit <- sparse_mtl(y ~ x1 + group, data, "site", s = 2)
  new <- data[1:4, ]
  new$x1[1] <- NA
  new$group[2] <- NA
  new$site[3] <- NA
  expect_identical(unname(is.na(predict(fit, new))), c(TRUE, TRUE, TRUE, FALSE))
  expect_equal(predict(fit, data, how = "pooled"), drop(model.matrix(~ x1 + group, data) %*% rowMeans(coef(fit))))
  expect_equal(predict(fit, how = "mean"), predict(fit, data, how = "mean"))
  expect_equal(predict(fit, data, task = "south")[61:120], fitted(fit)[61:120])
  expect_identical(names(predict(fit, data[0:2, ])), c("1", "2"))
})

test_that("always-in terms can be terms, columns or new", {
  skip_without_core()
  data <- make_studies()
  kept <- function(formula, keep) colnames(sparse_mtl(formula, data, "site", s = 1, keep = keep)$design$keep)
  expect_identical(kept(y ~ x1 + group, "group"), c("groupb", "groupc"))
  expect_identical(kept(y ~ x1 + group, "groupc"), "groupc")
  expect_identical(kept(y ~ x1 + x2, "group"), c("groupb", "groupc"))
  expect_identical(kept(y ~ x1 + x2, c("I(x3^2)", "x1")), c("x1", "I(x3^2)"))
  expect_identical(kept(y ~ . - w, "poly(x3, 2)"), c("poly(x3, 2)1", "poly(x3, 2)2"))
})

test_that("several outcomes share one design, and may be missing in some rows", {
  skip_without_core()
  data <- make_studies()
  data$z <- data$x3 + rnorm(120, sd = 0.2)
  data$z[1:10] <- NA
  data[11, c("y", "z")] <- NA
  fit <- sparse_mtl(cbind(y, z) ~ x1 + x2 + x3, data, s = c(y = 2, z = 1), missing = "drop")
  expect_identical(fit$support[, "z"], c(x1 = FALSE, x2 = FALSE, x3 = TRUE))
  expect_identical(nobs(fit), 119L)
  expect_true(all(is.na(residuals(fit)[1:10, "z"])) && !anyNA(fitted(fit)))
  expect_named(augment(fit, data), c(names(data), ".fitted_y", ".fitted_z", ".resid_y", ".resid_z"))
  one <- lm(z ~ x3, data)
  expect_equal(unname(coef(fit)[c("(Intercept)", "x3"), "z"]), unname(coef(one)), tolerance = 1e-8)
})

test_that("tasks of any type keep their order and names", {
  skip_without_core()
  data <- make_studies()
  data$year <- rep(c(10, 9, 2), 40)
  data$level <- factor(rep(c("z", "a"), 60), levels = c("z", "a", "none"))
  data$last <- rep(c(TRUE, FALSE), 60)
  data$day <- as.Date("2024-01-01") + rep(c(1, 0), 60)
  tasks <- function(task) sparse_mtl(y ~ x1 + x2, data, task, s = 1)$tasks
  expect_identical(tasks("year"), c("2", "9", "10"))
  expect_identical(tasks("level"), c("z", "a"))
  expect_identical(tasks("last"), c("FALSE", "TRUE"))
  expect_identical(tasks("day"), c("2024-01-01", "2024-01-02"))
  expect_identical(tasks(NULL), "y")
  fit <- sparse_mtl(y ~ x1, data, "year", s = 1)
  expect_equal(predict(fit, data), fitted(fit))
})

test_that("a fit survives saveRDS and predicts where there is no Python", {
  skip_without_core()
  data <- make_studies()
  fit <- sparse_mtl(y ~ splines::ns(x1, 3) + group, data, "site", s = 3)
  found <- without_python(fit, data)
  expect_equal(found[[1]], fitted(fit), tolerance = 1e-12)
  expect_equal(found[[2]], tidy(fit))
  expect_identical(found[[3]], c(FALSE, FALSE))
})

test_that("formula, nobs and deviance", {
  skip_without_core()
  data <- make_studies()
  fit <- sparse_mtl(y ~ x1 + x2, data, "site", s = 2, weights = "w")
  expect_identical(formula(fit), y ~ x1 + x2, ignore_formula_env = TRUE)
  expect_identical(nobs(fit), 120L)
  by_site <- lapply(split(data, data$site), function(part) lm(y ~ x1 + x2, part, weights = w))
  expect_equal(deviance(fit), sum(vapply(by_site, deviance, 0)), tolerance = 1e-10)
  expect_equal(fit$task_fit[names(by_site), "resid_sd"], vapply(by_site, sigma, 0), ignore_attr = TRUE, tolerance = 1e-10)
  expect_output(print(summary(fit)), "resid_sd is that of a row of weight 1, as in lm()", fixed = TRUE)
})

test_that("tables have broom's columns, task and selected", {
  skip_without_core()
  data <- make_studies()
  fit <- sparse_mtl(y ~ . - w, data, "site", s = 2, keep = "x6")
  found <- tidy(fit)
  expect_named(found, c("term", "task", "estimate", "estimate_standardized", "selected", "n_tasks", "kind"))
  expect_identical(unique(found$kind), c("intercept", "keep", "candidate"))
  expect_identical(is.na(found$estimate), !found$selected)
  picked <- found[found$kind == "candidate" & found$selected, ]
  expect_equal(picked$estimate, coef(fit)[cbind(picked$term, picked$task)])
  expect_identical(nrow(picked), sum(fit$support))
  whole <- glance(fit)
  expect_identical(nrow(whole), 1L)
  expect_true(all(c("nobs", "r.squared", "rmse", "objective", "lambda_z", "status") %in% names(whole)))
  more <- augment(fit, data)
  expect_identical(more[names(data)], data)
  expect_equal(more$.fitted + more$.resid, data$y)
})

test_that("what is printed is what was found", {
  skip_without_core()
  data <- make_studies()
  data$flat <- ifelse(data$site == "north", 1, data$x1)
  fit <- sparse_mtl(y ~ ., data[c("site", "y", "x1", "x2", "x3", "flat")], "site", s = 2)
  shown <- capture.output(print(summary(fit)))
  expect_match(shown, "2 tasks by site; 120 rows; 4 candidates", all = FALSE)
  expect_match(shown, "Constant within north, so not selectable there: 'flat'.", all = FALSE, fixed = TRUE)
  expect_match(shown, "swap-optimal: no single add, drop or swap improves it", all = FALSE)
  row <- grep("^x1 ", shown, value = TRUE)[1]
  expect_match(row, formatC(coef(fit)["x1", "north"], digits = 4, format = "g", flag = "#"), fixed = TRUE)
  expect_output(print(fit), "sparse_mtl(formula = y ~ .", fixed = TRUE)
})
