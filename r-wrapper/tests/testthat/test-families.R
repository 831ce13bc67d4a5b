skip_if_not(core_available())
skip_if_not_installed("survival")

cohort <- local({
  set.seed(4)
  n <- 240L
  data <- data.frame(centre = rep(c("A", "B"), each = n / 2), age = round(runif(n, 30, 70)), sex = sample(c("f", "m"), n, TRUE))
  eta <- 0.04 * (data$age - 50) + 0.5 * (data$sex == "m")
  data$time <- ceiling(10 * rexp(n, exp(eta)))
  data$dead <- rbinom(n, 1, 0.7)
  data$entry <- data$time * runif(n, 0, 0.9)
  data$days <- runif(n, 0.5, 3)
  data$cases <- rpois(n, data$days * exp(eta))
  data$trials <- sample(1:6, n, TRUE)
  data$ill <- rbinom(n, data$trials, stats::plogis(eta))
  data
})
Surv <- survival::Surv
strata <- survival::strata
# Coefficients of the column itself, without a penalty, and of the other terms.
linear <- function(formula, ...) {
  fit <- mt_hal(formula, data = cohort, task = "centre", lambda = 1e-3, relaxed = TRUE, ...)
  coef(fit)
}
own <- function(centre) cohort[cohort$centre == centre, ]

test_that("one line without a penalty is coxph", {
  found <- linear(Surv(time, dead) ~ h(age, k = 1) + sex)
  breslow <- linear(Surv(entry, time, dead) ~ h(age, k = 1) + sex, ties = "breslow")
  strata <- linear(survival::Surv(time, dead) ~ h(age, k = 1) + strata(sex))
  for (centre in c("A", "B")) {
    truth <- survival::coxph(Surv(time, dead) ~ sex + age, own(centre))
    expect_equal(unname(found[, centre]), unname(coef(truth)), tolerance = 1e-7)
    truth <- survival::coxph(Surv(entry, time, dead) ~ sex + age, own(centre), ties = "breslow")
    expect_equal(unname(breslow[, centre]), unname(coef(truth)), tolerance = 1e-7)
    truth <- survival::coxph(Surv(time, dead) ~ age + strata(sex), own(centre))
    expect_equal(unname(strata[, centre]), unname(coef(truth)), tolerance = 1e-7)
  }
})

test_that("one line without a penalty is glm", {
  rates <- linear(cases ~ h(age, k = 1) + sex + offset(log(days)), family = poisson())
  odds <- linear(cbind(ill, trials - ill) ~ h(age, k = 1) + sex, family = binomial)
  for (centre in c("A", "B")) {
    shift <- transform(own(centre), age = age - min(cohort$age))
    truth <- stats::glm(cases ~ sex + age + offset(log(days)), poisson, shift, control = list(epsilon = 1e-14))
    expect_equal(unname(rates[, centre]), unname(coef(truth)), tolerance = 1e-6)
    truth <- stats::glm(cbind(ill, trials - ill) ~ sex + age, binomial, shift, control = list(epsilon = 1e-14))
    expect_equal(unname(odds[, centre]), unname(coef(truth)), tolerance = 1e-6)
  }
})

test_that("predictions are on the scale asked for", {
  fit <- mt_hal(Surv(time, dead) ~ h(age), data = cohort, task = "centre", lambda = 0.02)
  link <- predict(fit, type = "link")
  expect_equal(predict(fit), exp(link))
  expect_equal(predict(fit), fitted(fit))
  expect_equal(predict(fit, cohort, type = "risk"), fitted(fit))
  curves <- predict(fit, cohort, type = "survival", times = c(0, 5, 10))
  expect_equal(unname(curves[, "0"]), rep(1, nrow(cohort)))
  expect_true(all(diff(t(curves)) <= 0))
  expect_equal(curves, predict(fit, type = "survival", times = c(0, 5, 10)))
  expect_equal(sum(residuals(fit)), 0, tolerance = 1e-8)
  expect_error(predict(fit, type = "response"), "is not for cox outcomes", class = "sparsekin_OptionError")
  expect_error(predict(fit, type = "survival"), "times goes with type", class = "sparsekin_OptionError")
  expect_error(predict(fit, type = "survival", times = 1, how = "mean"), "needs the baseline hazard")
  rates <- mt_hal(cases ~ h(age) + offset(log(days)), data = cohort, task = "centre", family = "poisson", lambda = 0.02)
  expect_equal(predict(rates, cohort), fitted(rates))
  expect_equal(unname(residuals(rates)), unname(cohort$cases - fitted(rates)))
  expect_equal(family(rates)$family, "poisson")
})

test_that("the baseline hazard is that of survival", {
  fit <- mt_hal(Surv(time, dead) ~ h(age, k = 1), data = cohort, task = "centre", lambda = 1e-3, relaxed = TRUE)
  mine <- transform(own("B"), age = age - min(cohort$age))
  truth <- survival::coxph(Surv(time, dead) ~ age, mine)
  curves <- summary(survival::survfit(truth, newdata = mine[1:5, ]), times = c(3, 8))
  found <- predict(fit, own("B")[1:5, ], type = "survival", times = c(3, 8))
  expect_equal(unname(t(found)), unname(curves$surv), tolerance = 1e-6)
})

test_that("what an outcome cannot be is said", {
  bad <- transform(cohort, cases = cases - 3)
  expect_error(
    mt_hal(cases ~ h(age), data = bad, task = "centre", family = "poisson", lambda = 1),
    "Task 'A' is poisson, but its outcome holds -", class = "sparsekin_DataError"
  )
  expect_error(
    mt_hal(Surv(time, dead) ~ h(age), data = cohort, task = "centre", family = "binomial", lambda = 1),
    "need family='cox'", class = "sparsekin_OptionError"
  )
  expect_error(
    mt_hal(Surv(time, dead, type = "left") ~ h(age), data = cohort, task = "centre", lambda = 1),
    "Survival times of type 'left' cannot be fitted", class = "sparsekin_DataError"
  )
  expect_error(
    mt_hal(cases ~ h(age) + strata(sex), data = cohort, task = "centre", family = "poisson", lambda = 1),
    "is for cox tasks: rows", class = "sparsekin_OptionError"
  )
  gone <- cohort
  gone$dead[3L] <- NA
  expect_error(
    mt_hal(Surv(time, dead) ~ h(age), data = gone, task = "centre", lambda = 1), "Surv\\(time, dead\\) \\(1\\)",
    class = "sparsekin_DataError"
  )
  fit <- mt_hal(Surv(time, dead) ~ h(age), data = gone, task = "centre", lambda = 0.05, missing = "drop")
  expect_equal(nobs(fit), nrow(cohort) - 1L)
})

test_that("cross-validation, paths and comparisons take them too", {
  cv <- cv_mt_hal(Surv(time, dead) ~ h(age), data = cohort, task = "centre", n_lambda = 8, folds = 3, rng = 1, linear = NULL)
  expect_equal(cv$metric, "deviance")
  ranked <- cv_mt_hal(
    Surv(time, dead) ~ h(age), data = cohort, task = "centre", n_lambda = 8, folds = 3, rng = 1, linear = NULL, metric = "c_index"
  )
  expect_output(print(ranked), "Concordance on held-out rows")
  expect_gt(max(ranked$table$mean), 0.5)
  expect_s3_class(refit(cv), "mt_hal")
  path <- path_mt_hal(cases ~ h(age), data = cohort, task = "centre", family = "poisson", n_lambda = 5)
  expect_equal(nrow(path$table), 5L)
  one <- mt_hal(Surv(time, dead) ~ h(age), data = cohort, lambda = 0.05)
  expect_equal(one$tasks, "Surv(time, dead)")
  expect_match(paste(utils::capture.output(print(summary(one))), collapse = "\n"), "logs of hazard ratios")
})
