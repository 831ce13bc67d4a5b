smooth_formulas <- list(
  rate ~ h(age),
  rate ~ h(.) + h(., .),
  rate ~ h(age, k = 30) + h(bmi, order = 0) + sex,
  rate ~ h(age, order = 2) + poly(bmi, 2) + sex:smoker,
  rate ~ h(ward, age) + h(ward) + log(w),
  rate ~ 0 + h(age) + sex,
  log(rate) ~ h(age, bmi, k = "full", pf = 0.5) + I(w^2),
  cbind(rate, w) ~ h(age) + h(`odd name`) + sex,
  rate ~ (h(age) + h(smoker)) + splines::ns(bmi, 3)
)

for (formula in smooth_formulas) {
  test_that(paste("the core's fitted values are R's predictions:", deparse1(formula)), {
    skip_without_core()
    data <- make_centres()
    data$`odd name` <- data$bmi^2
    several <- identical(formula[[2L]], quote(cbind(rate, w)))
    fit <- mt_hal(formula, data, if (!several) "centre", lambda = if (deparse1(formula[[2]]) == "log(rate)") 0.01 else 0.2)
    expect_gt(length(fit$terms), 0)
    expect_equal(predict(fit, data), fitted(fit), tolerance = 1e-10)
    some <- c(17L, 3L, 99L)
    part <- if (several) fitted(fit)[some, ] else fitted(fit)[some]
    expect_equal(predict(fit, data[some, ]), part, tolerance = 1e-10)
    expect_equal(fitted(fit) + residuals(fit), if (several) as.matrix(data[c("rate", "w")]) else {
      stats::setNames(eval(formula[[2L]], data), row.names(data))
    }, tolerance = 1e-10, ignore_attr = TRUE)
  })
}

test_that("options of h() take their value where the formula was written", {
  skip_without_core()
  data <- make_centres()
  make <- function() {
    knots <- 7
    rate ~ h(age, k = knots, order = 0)
  }
  expect_lte(glance(mt_hal(make(), data, lambda = 0.1))$n_functions, 7)
  expect_identical(smooth_text(quote(h(age, `odd name`, ., k = 1e5, monotone = "up", pf = 0.1))),
    "h(age, `odd name`, ., k=100000, monotone=\"up\", pf=0.10000000000000001)")
})

test_that("a factor in h() is its levels, and a point is every other column", {
  skip_without_core()
  data <- make_centres()
  fit <- mt_hal(rate ~ h(.) + sex, data[setdiff(names(data), "w")], "centre", lambda = 0.01)
  expect_identical(colnames(fit$design$x), c("age", "bmi", "wardv", "wardw x", "smoker"))
  expect_true("I(wardv >= 1)" %in% rownames(coef(mt_hal(rate ~ h(ward, order = 0), data, "centre", lambda = 0.01))))
  expect_identical(rownames(coef(fit))[1:2], c("(Intercept)", "sexM"))
  weighted <- mt_hal(rate ~ h(.), data, "centre", lambda = 0.1, weights = "w")
  expect_false("w" %in% colnames(weighted$design$x))
  expect_equal(deviance(weighted), sum(data$w * residuals(weighted)^2))
})

test_that("rows with a missing value are dropped when asked, and predicted as NA", {
  skip_without_core()
  data <- make_centres()
  data$age[5] <- NA
  data$sex[6] <- NA
  fit <- mt_hal(rate ~ h(age) + sex, data, "centre", lambda = 0.2, missing = "drop")
  expect_identical(nobs(fit), 178L)
  expect_identical(unname(which(is.na(predict(fit, data)))), c(5L, 6L))
  expect_equal(augment(fit, data)$.fitted[-(5:6)], unname(fitted(fit)))
  expect_output(print(summary(fit)), "2 of 180 rows dropped: sex (1), age (1)", fixed = TRUE)
})

test_that("new rows need a task that was seen, and predictions stay within sight of the outcomes", {
  skip_without_core()
  data <- make_centres()
  fit <- mt_hal(rate ~ h(age) + sex, data, "centre", lambda = 0.2)
  expect_error(predict(fit, transform(data, centre = "D")), "knows 'A', 'B', 'C'); use how = \"mean\"", fixed = TRUE)
  each <- vapply(fit$tasks, function(one) predict(fit, transform(data, centre = one)), numeric(nrow(data)))
  expect_equal(
    predict(fit, transform(data, centre = "D"), how = "mean"), drop(each %*% prop.table(table(data$centre))),
    tolerance = 1e-12, ignore_attr = TRUE
  )
  expect_error(predict(fit, data[c("age", "sex")]), "add the column 'centre', pass task = ... or use how =", fixed = TRUE)
  expect_error(predict(fit, transform(data, sex = "X")), "'sex' has level 'X', not seen", fixed = TRUE)
  expect_error(predict(fit, transform(data, age = "old")), "Column 'age' is not numeric, as it was", fixed = TRUE)
  one <- data[1, ]
  expect_equal(unname(predict(fit, transform(one, age = 1e6), task = "B")), fit$bounds[1, 2])
  expect_equal(predict(fit, data, task = "A")[data$centre == "A"], fitted(fit)[data$centre == "A"])
})

test_that("formulas and options that cannot be used say why in the user's words", {
  data <- make_centres()
  refuses <- function(message, ..., class = "sparsekin_error") {
    expect_error(mt_hal(..., data = data), message, class = class, fixed = TRUE)
  }
  refuses("has no h() term; write h(.)", rate ~ age, lambda = 1, class = "sparsekin_FormulaError")
  refuses("The formula names 'agee', which the data do not have. Did you mean 'age'?", rate ~ h(agee), lambda = 1)
  refuses("'h(age):sex' in the formula: h() stands alone", rate ~ h(age):sex, lambda = 1)
  refuses("'-h(bmi)' in the formula: h() stands alone", rate ~ h(age) - h(bmi), lambda = 1)
  refuses("'.' stands inside h() only", rate ~ h(age) + ., lambda = 1)
  refuses("'log(age)' in 'h(log(age))' is no column", rate ~ h(log(age)), lambda = 1)
  refuses("k = none in 'h(age, k = none)' cannot be evaluated: object 'none' not found", rate ~ h(age, k = none), lambda = 1)
  refuses("k in 'h(age, k = 1:2)' must be one value", rate ~ h(age, k = 1:2), lambda = 1)
  refuses("'age' is in 'h(age)' and in a term outside h()", rate ~ h(age) + log(age), lambda = 1)
  refuses("'centre' in 'h(centre)' is an outcome, the task", rate ~ h(centre), task = "centre", lambda = 1)
  refuses("lambda = -1 must be one finite number > 0", rate ~ h(age), lambda = -1, class = "sparsekin_OptionError")
  skip_without_core()
  refuses("k = 1.5 in 'h(age, k=1.5)' must be a number of knots", rate ~ h(age, k = 1.5), lambda = 1)
  refuses("'knots' in 'h(age, knots=4)' is not one of k", rate ~ h(age, knots = 4), lambda = 1)
  refuses("both make the section (age)", rate ~ h(age) + h(.), lambda = 1, class = "sparsekin_FormulaError")
  refuses("more than the 0.01 MB allowed", rate ~ h(., ., k = "full"), lambda = 1, memory = 1e4)
})

test_that("a fit survives saveRDS and predicts where there is no Python", {
  skip_without_core()
  data <- make_centres()
  fit <- mt_hal(rate ~ h(.) + h(age, bmi), data, "centre", lambda = 0.2)
  found <- without_python(fit, data)
  expect_equal(found[[1]], fitted(fit), tolerance = 1e-12)
  expect_equal(found[[2]], tidy(fit))
  expect_identical(found[[3]], c(FALSE, FALSE))
})

test_that("tables have broom's columns, and print what was found", {
  skip_without_core()
  data <- make_centres()
  fit <- mt_hal(rate ~ h(age) + h(bmi, order = 0) + sex, data, "centre", lambda = 0.2)
  found <- tidy(fit)
  expect_named(found, c("term", "task", "estimate", "variation", "section", "kind", "form"))
  expect_identical(unique(found$kind), c("intercept", "keep", "function"))
  expect_equal(found$estimate, as.vector(t(coef(fit))))
  whole <- glance(fit)
  expect_true(all(c("nobs", "r.squared", "lambda", "gap", "n_selected", "status") %in% names(whole)))
  expect_lt(abs(whole$gap), 1e-6)
  shares <- rowSums(as.matrix(fit$sections[-(1:2)]))
  expect_equal(sum(shares), 3)
  shown <- capture.output(print(summary(fit)))
  expect_match(shown, "3 tasks by centre; 180 rows; 2 variables", all = FALSE)
  expect_match(shown, "I(bmi >= ", all = FALSE, fixed = TRUE)
  expect_output(print(fit), "mt_hal(formula = rate ~ h(age)", fixed = TRUE)
  none <- mt_hal(rate ~ h(age), data, "centre", lambda = 1e6)
  expect_output(print(summary(none)), "0 of 10 functions selected", fixed = TRUE)
  expect_equal(unname(fitted(none)), unname(ave(data$rate, data$centre)))
})

test_that("relaxed is least squares on the functions selected", {
  skip_without_core()
  data <- make_centres()
  fit <- mt_hal(rate ~ h(age) + sex, data, "centre", lambda = 1, relaxed = TRUE)
  for (centre in fit$tasks) {
    mine <- data$centre == centre
    basis <- vapply(split(fit$functions, fit$functions$term), basis_values, numeric(sum(mine)), x = fit$design$x[mine, , drop = FALSE])
    one <- lm(rate ~ sex + basis, data[mine, ])
    expect_equal(unname(fitted(fit)[mine]), unname(fitted(one)), tolerance = 1e-8)
  }
  expect_identical(glance(fit)$status, "relaxed")
})

test_that("statistics that would mislead say so", {
  skip_without_core()
  fit <- mt_hal(rate ~ h(age), make_centres(), lambda = 1)
  for (statistic in list(vcov, confint, pvalues, logLik)) {
    expect_error(statistic(fit), "optimistic", class = "sparsekin_Unavailable")
  }
})

test_that("curves are what the fit moves by, and everything can be drawn", {
  skip_without_core()
  data <- make_centres()
  fit <- mt_hal(rate ~ h(age) + h(bmi) + h(age, bmi), data, "centre", lambda = 0.2)
  at <- cbind(c(35, 50, 70), c(20, 25, 39))
  moved <- section_values(fit, "age", at[, 1, drop = FALSE]) + section_values(fit, "bmi", at[, 2, drop = FALSE]) +
    section_values(fit, c("age", "bmi"), at)
  new <- data.frame(age = at[, 1], bmi = at[, 2])
  for (centre in fit$tasks) {
    expect_equal(unname(predict(fit, new, task = centre)), unname(coef(fit)[1, centre] + moved[, centre]))
  }
  curves <- curve_table(fit, "age", 50L)
  expect_identical(nrow(curves), 150L)
  path <- path_mt_hal(rate ~ h(age) + h(bmi), data, "centre", n_lambda = 8)
  cv <- cv_mt_hal(rate ~ h(age) + h(bmi), data, "centre", n_lambda = 8, folds = 3, rng = 1)
  draw(fit)
  draw(fit, variables = "bmi")
  draw(fit, pair = c("age", "bmi"))
  draw(mt_hal(rate ~ h(age), data, "centre", lambda = 1e6))
  draw(path)
  draw(cv)
  expect_error(draw(fit, variables = "agee"), "'agee' is no variable of the basis", class = "sparsekin_DataError")
  expect_error(draw(fit, pair = "age"), "names of two variables", class = "sparsekin_OptionError")
  skip_if_not_installed("ggplot2")
  drawn <- list(ggplot2::autoplot(fit), ggplot2::autoplot(fit, pair = c("age", "bmi")), ggplot2::autoplot(path),
    ggplot2::autoplot(cv))
  for (one in drawn) expect_gt(nrow(ggplot2::ggplot_build(one)$data[[1]]), 0)
})

test_that("the objective is glmnet's on the whole basis", {
  skip_without_core()
  skip_if_not_installed("glmnet")
  data <- make_centres(60L)
  data$other <- sin(data$age / 8) + data$bmi / 20 + rnorm(60, sd = 0.2)
  Y <- as.matrix(data[c("rate", "other")])
  for (order in 0:1) {
    lambda <- if (order) 0.5 else 0.05
    fit <- mt_hal(
      cbind(rate, other) ~ h(age, k = "full") + h(bmi, k = "full"), data, lambda = lambda, order = order,
      reduce_basis = 0, tolerance = 1e-10
    )
    basis <- do.call(cbind, lapply(data[c("age", "bmi")], function(x) {
      outer(x, sort(unique(x)), function(x, knot) (x >= knot) * (x - knot)^order)
    }))
    theirs <- glmnet::glmnet(
      basis, Y, family = "mgaussian", standardize = FALSE, thresh = 1e-16, lambda = lambda * c(8, 4, 2, 1), maxit = 1e7
    )
    at <- coef(theirs, s = lambda)
    slopes <- vapply(at, function(one) as.vector(one)[-1], numeric(ncol(basis)))
    left <- Y - drop(predict(theirs, basis, s = lambda))
    objective <- sum(left^2) / (2 * nrow(data)) + lambda * sum(sqrt(rowSums(slopes^2)))
    expect_equal(glance(fit)$objective, objective, tolerance = 1e-7)
    expect_lt(max(abs(fitted(fit) - (Y - left))), 1e-3)
  }
})

test_that("binomial outcomes can be 0 and 1, logical, text or a factor, and predictions are probabilities", {
  skip_without_core()
  data <- make_centres()
  data$high <- as.double(data$rate > median(data$rate))
  data$grade <- factor(ifelse(data$high == 1, "high", "low"), levels = c("low", "high"))
  data$text <- as.character(data$grade)
  fit <- mt_hal(high ~ h(age) + sex, data, "centre", lambda = 0.05, family = "binomial")
  for (formula in list(I(high == 1) ~ h(age) + sex, grade ~ h(age) + sex)) {
    expect_equal(unname(fitted(mt_hal(formula, data, "centre", lambda = 0.05, family = "binomial"))), unname(fitted(fit)))
  }
  turned <- mt_hal(text ~ h(age) + sex, data, "centre", lambda = 0.05, family = "binomial")
  expect_equal(fitted(turned), 1 - fitted(fit), tolerance = 1e-4)
  expect_output(print(summary(turned)), "log odds of 'low' against 'high'", fixed = TRUE)
  expect_equal(predict(fit, data), fitted(fit), tolerance = 1e-10)
  expect_equal(plogis(predict(fit, type = "link")), fitted(fit), tolerance = 1e-10)
  expect_equal(predict(fit, data, "link"), predict(fit, type = "link"), tolerance = 1e-10)
  expect_equal(deviance(fit), -2 * sum(dbinom(data$high, 1, fitted(fit), log = TRUE)))
  expect_true(all(c("deviance", "dev.ratio") %in% names(glance(fit))))
  expect_output(print(summary(fit)), "share explained")
  expect_error(mt_hal(ward ~ h(age), data, lambda = 1, family = "binomial"), "must have two levels; it has 3", fixed = TRUE)
  expect_error(mt_hal(rate ~ h(age), data, lambda = 1, family = "binomial"), "0 and 1", class = "sparsekin_DataError")
  cv <- cv_mt_hal(high ~ h(age), data, "centre", n_lambda = 6, folds = 3, rng = 1, family = "binomial")
  expect_output(print(cv), "Deviance on held-out rows")
  draw(cv)
  draw(fit)
})

test_that("families can be mixed, penalties too, and a curve can be made to rise", {
  skip_without_core()
  data <- make_centres()
  data$high <- data$rate > median(data$rate)
  fit <- mt_hal(
    cbind(rate, high) ~ h(age) + h(bmi), data, lambda = 0.02, family = c(rate = "gaussian", high = "binomial"),
    penalty = "sparse-group", l1_ratio = 0.7
  )
  expect_identical(fit$families, c(rate = "gaussian", high = "binomial"))
  expect_equal(predict(fit, data), fitted(fit), tolerance = 1e-10)
  expect_true(all(fitted(fit)[, "high"] > 0 & fitted(fit)[, "high"] < 1))
  expect_output(print(summary(fit)), "log odds of 1 in task 'high'")
  rising <- mt_hal(rate ~ h(bmi, order = 0, monotone = "i"), data, "centre", lambda = 0.05)
  expect_true(all(utils::tail(coef(rising), length(rising$terms)) >= 0))
  expect_error(
    mt_hal(rate ~ h(age), data, "centre", lambda = 1, family = c(A = "gaussian")), "does not say what task 'B', 'C'",
    class = "sparsekin_OptionError"
  )
})

test_that("undersmoothed fits have a lambda not above the best", {
  skip_without_core()
  data <- make_centres()
  cv <- cv_mt_hal(rate ~ h(age) + h(bmi, order = 0), data, n_lambda = 20, folds = 3, rng = 1)
  fit <- refit(cv, "undersmooth")
  expect_lte(fit$lambda, cv$table$lambda[cv$best])
  expect_equal(predict(fit, data), fitted(fit), tolerance = 1e-10)
})
