# What lm() takes of rows, formulas and columns, with the values lm() gives (s = all features, no penalty).

all_in <- function(formula, data, ..., s = 20) sparse_mtl(formula, data, ..., s = s)
same_as_lm <- function(fit, plain) {
  expect_equal(setNames(drop(coef(fit)), NULL), unname(coef(plain)), tolerance = 1e-8)
  expect_equal(fitted(fit), fitted(plain), tolerance = 1e-8)
}

test_that("weights, groups, folds, task and subset are found in the data first", {
  skip_without_core()
  cars <- transform(mtcars, w = wt, id = rep(1:16, 2), part = rep(1:4, 8))
  w <- rep(1, 32)
  plain <- lm(mpg ~ hp + qsec, cars, weights = w)
  same_as_lm(sparse_mtl(mpg ~ hp + qsec, cars, s = 2, weights = w), plain)
  same_as_lm(sparse_mtl(mpg ~ hp + qsec, cars, s = 2, weights = "w"), plain)
  same_as_lm(sparse_mtl(mpg ~ hp + qsec, cars, s = 2, weights = wt * 1), plain)
  other <- cars$wt
  same_as_lm(sparse_mtl(mpg ~ hp + qsec, cars, s = 2, weights = other), plain)
  inside <- function(data, column) sparse_mtl(mpg ~ hp + qsec, data, s = 2, weights = column)
  same_as_lm(inside(cars, "w"), plain)
  expect_identical(sparse_mtl(mpg ~ hp, cars, s = 1, task = am)$tasks, c("0", "1"))
  task <- "am"
  expect_identical(sparse_mtl(mpg ~ hp, cars, s = 1, task = task)$tasks, c("0", "1"))
  gear <- "am"
  expect_error(sparse_mtl(mpg ~ hp, cars, s = 1, task = gear), "could be the column 'gear' or, by the variable of that name", fixed = TRUE)
  same_as_lm(sparse_mtl(mpg ~ hp, cars, s = 1, subset = cyl > 4), lm(mpg ~ hp, cars, subset = cyl > 4))
  same_as_lm(sparse_mtl(mpg ~ hp, cars, s = 1, subset = 3:20, weights = w), lm(mpg ~ hp, cars, subset = 3:20, weights = w))
  expect_error(sparse_mtl(mpg ~ hp, cars, s = 1, subset = cyl > 40), "subset leaves no row")
  expect_error(sparse_mtl(mpg ~ hp, cars, s = 1, subset = no_such > 1), "subset cannot be read: object 'no_such' not found")
})

test_that("a column of groups or folds is no candidate, and holds patients together", {
  skip_without_core()
  cars <- transform(mtcars, id = rep(1:16, 2), part = rep(1:4, 8))
  cv <- cv_sparse_mtl(mpg ~ ., cars, s = 1, lambda_z = 0, groups = "id", folds = part, rng = 1, lambda_1 = 0, lambda_2 = 0)
  expect_false(any(c("id", "part") %in% rownames(coef(cv))))
  expect_identical(cv$folds, as.integer(cars$part))
  by_id <- cv_sparse_mtl(mpg ~ ., cars, s = 1, lambda_z = 0, groups = id, folds = 4, rng = 1, lambda_1 = 0, lambda_2 = 0)
  expect_identical(by_id$folds[1:16], by_id$folds[17:32])
  expect_true("part" %in% rownames(coef(by_id)))
  again <- cv_sparse_mtl(mpg ~ . - id, cars, s = 1, lambda_z = 0, groups = cars$id, folds = 4, rng = 1, lambda_1 = 0, lambda_2 = 0)
  expect_identical(again$table, by_id$table)
  hal <- cv_mt_hal(mpg ~ h(.), cars[c("mpg", "wt", "id")], n_lambda = 3, folds = 4, groups = "id", rng = 1)
  expect_identical(names(hal$design$smooth), "wt")
})

test_that("formulas mean what they mean in lm()", {
  skip_without_core()
  cars <- transform(mtcars, g = factor(gear), text = as.character(gear))
  outside <- mtcars$drat
  expect_equal(
    fitted(all_in(mpg ~ C(g, contr.sum) + hp, cars)), fitted(lm(mpg ~ C(g, contr.sum) + hp, cars)), tolerance = 1e-8
  )
  expect_equal(
    fitted(all_in(mpg ~ ave(hp, g, FUN = median), cars)), fitted(lm(mpg ~ ave(hp, g, FUN = median), cars)), tolerance = 1e-8
  )
  cars$hp[c(2, 5)] <- NA
  same_as_lm(all_in(mpg ~ hp + outside, cars, missing = "drop"), lm(mpg ~ hp + outside, cars))
  cars$qsec[7] <- -1
  fit <- all_in(mpg ~ hp + log(qsec), cars, missing = "drop")
  same_as_lm(fit, suppressWarnings(lm(mpg ~ hp + log(qsec), cars)))
  expect_output(print(summary(fit)), "3 of 32 rows dropped: hp (2), log(qsec) (1)", fixed = TRUE)
  both <- all_in(cbind(log(mpg), wt) ~ drat, cars)
  expect_identical(both$tasks, c("log(mpg)", "wt"))
  timed <- transform(mtcars, span = as.difftime(qsec, units = "secs"))
  expect_equal(unname(fitted(all_in(span ~ hp, timed))), unname(fitted(lm(qsec ~ hp, timed))), tolerance = 1e-8)
})

test_that("offsets are taken off and added again", {
  skip_without_core()
  plain <- lm(mpg ~ hp + qsec + offset(2 * wt), mtcars)
  fit <- all_in(mpg ~ hp + qsec + offset(2 * wt), mtcars)
  same_as_lm(fit, plain)
  expect_equal(residuals(fit), residuals(plain), tolerance = 1e-8)
  expect_equal(predict(fit, mtcars[3:6, ]), predict(plain, mtcars[3:6, ]), tolerance = 1e-8)
  expect_equal(predict(fit), predict(plain), tolerance = 1e-8)
  expect_output(print(summary(fit)), "The offset was taken off the outcome")
  expect_error(mt_hal(mpg ~ h(wt) + offset(hp), mtcars, lambda = 1), "has an offset")
})

test_that("na.action works as for lm()", {
  skip_without_core()
  cars <- mtcars
  cars$hp[c(2, 5)] <- NA
  plain <- lm(mpg ~ hp, cars, na.action = na.exclude)
  fit <- all_in(mpg ~ hp, cars, na.action = na.exclude)
  for (ask in c(fitted, residuals, predict)) expect_equal(ask(fit), ask(plain), tolerance = 1e-8)
  expect_identical(nobs(fit), 30L)
  expect_equal(deviance(fit), deviance(plain), tolerance = 1e-8)
  expect_identical(names(fitted(all_in(mpg ~ hp, cars, na.action = "na.omit"))), rownames(cars)[-c(2, 5)])
  expect_error(all_in(mpg ~ hp, cars, na.action = na.fail), "Missing values in 2 of 32 rows")
  expect_error(all_in(mpg ~ hp, cars, na.action = mean), "na.action must be na.omit")
  hal <- mt_hal(mpg ~ h(hp), cars, lambda = 1, na.action = na.exclude)
  expect_identical(unname(which(is.na(fitted(hal)))), c(2L, 5L))
  expect_equal(deviance(hal), sum(residuals(hal)^2, na.rm = TRUE))
})

test_that("what is not a formula of one or several outcomes is refused", {
  refused <- function(...) expect_error(sparse_mtl(..., data = mtcars, s = 1), class = "sparsekin_FormulaError")
  refused(mpg ~ wt + hp | am)
  expect_error(sparse_mtl(mpg ~ wt | am, mtcars, s = 1), "for tasks use task = \"am\"", fixed = TRUE)
  refused(mpg + hp ~ .)
  expect_error(sparse_mtl(mpg + hp ~ ., mtcars, s = 1), "use cbind(mpg, hp) ~ ..., for their sum I(mpg + hp)", fixed = TRUE)
  expect_error(mt_hal(mpg + hp ~ h(wt), mtcars, lambda = 1), "use cbind(mpg, hp)", fixed = TRUE)
  skip_without_core()
  expect_identical(nobs(sparse_mtl(I(mpg + hp) ~ wt, mtcars, s = 1)), 32L)
})

test_that("predict() takes text for a factor, and no rows at all", {
  skip_without_core()
  cars <- transform(mtcars, g = factor(gear))
  fit <- all_in(mpg ~ g + hp, cars)
  plain <- lm(mpg ~ g + hp, cars)
  new <- transform(cars[1:5, ], g = as.character(g))
  expect_equal(predict(fit, new), predict(plain, new), tolerance = 1e-8)
  expect_identical(length(predict(fit, cars[0, ])), 0L)
  several <- all_in(cbind(mpg, wt) ~ g + hp, cars)
  expect_identical(dim(predict(several, cars[0, ])), c(0L, 2L))
})

test_that("a family may be given as glm() takes it", {
  skip_without_core()
  one <- mt_hal(vs ~ h(wt), mtcars, lambda = 0.05, family = "binomial")
  for (family in list(binomial, binomial())) {
    expect_equal(coef(mt_hal(vs ~ h(wt), mtcars, lambda = 0.05, family = family)), coef(one))
  }
})

test_that("folds are counted from 1 and rows go by their names in what R is told", {
  skip_without_core()
  refuses <- function(pattern, ...) {
    expect_error(cv_sparse_mtl(mpg ~ wt, mtcars, "am", s = 1, lambda_z = 0, lambda_1 = 0, lambda_2 = 0, ...), pattern, class = "sparsekin_error")
  }
  refuses("Fold 2 holds out no row; number the folds 1, 2, 3", folds = rep(c(1, 3), 16))
  refuses("Task '0' keeps 0 training rows in fold 2 but s = 1", folds = 2 - mtcars$am)
  refuses("Rows 'Mazda RX4', 'Mazda RX4 Wag' are of one group, but the first is in fold 1 and the second in fold 2", folds = rep(1:4, 8),
    groups = c(1, 1:31))
  refuses("but the first is in none and the second in fold 1", folds = c(NA, rep(1:3, 10), 1), groups = c(1, 1:31))
  for (bad in list(1, 0, NA, 2.5, 1e300, Inf, "a", TRUE, 1i)) refuses("folds must be one whole number of at least 2, or the fold", folds = bad)
  expect_error(cv_mixed_forms(mpg + qsec ~ wt + hp, mtcars, folds = 1i), "folds must be one whole number")
  data <- data.frame(y = rep(0:1, 30), x = rnorm(60), ward = rep(c("fold 0", "b"), each = 30), part = rep(rep(1:3, each = 10), 2))
  data$y[data$part != 2 & data$ward == "fold 0"] <- 1
  expect_warning(
    cv_mt_hal(y ~ h(x), data, "ward", family = "binomial", folds = "part", n_lambda = 3),
    "Fold 2: the training rows of task 'fold 0' all have the same outcome", class = "sparsekin_DataWarning"
  )
})

test_that("what cannot cross to the core is refused by the name of the argument", {
  skip_without_core()
  expect_error(mt_hal(mpg ~ h(wt), mtcars, "am", lambda = 1, scale_outcome = 1i), "Argument 'scale_outcome' of class 'complex'")
  expect_error(mt_hal(mpg ~ h(wt), mtcars, "am", lambda = 1, scale_outcome = mean), "Argument 'scale_outcome' of class 'function'")
  expect_error(sparse_mtl(mpg ~ wt, mtcars, "am", s = 1, keep = ""), 'keep must be text in quotes or NULL, not ""', fixed = TRUE)
  named <- sparse_mtl(mpg ~ wt + hp, mtcars, "am", s = 1, lambda_1 = c(x = 0.1), effort = c(y = 1))
  expect_identical(coef(named), coef(sparse_mtl(mpg ~ wt + hp, mtcars, "am", s = 1, lambda_1 = 0.1)))
  fit <- mt_hal(mpg ~ h(wt), mtcars, "am", lambda = 1)
  expect_error(predict(fit, mtcars, task = mean), "task must be labels, one or one per row, not of class 'function'")
})
