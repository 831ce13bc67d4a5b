# How well tasks are predicted: tables are those of Python, pictures what base R and survival make of the same rows.

cohorts <- function(n = 400L) {
  set.seed(4)
  data <- data.frame(site = rep(c("north", "south"), n / 2), matrix(rnorm(5 * n), n))
  data$ill <- runif(n) < plogis(1.5 * data$X2)
  data$y <- data$X2 - data$X5 + rnorm(n)
  data$n <- rpois(n, exp(0.5 * data$X2))
  data$days <- runif(n, 1, 3)
  data$time <- rexp(n, exp(0.7 * data$X2))
  data$dead <- as.double(data$time < 1.5)
  data$time <- pmin(data$time, 1.5)
  data
}

five <- ~ X1 + X2 + X3 + X4 + X5
on_five <- function(outcome) stats::update(five, stats::as.formula(paste(outcome, "~ .")))

in_python <- function(data) {
  path <- tempfile(fileext = ".csv")
  data$ill <- as.integer(data$ill)
  write.csv(data, path, row.names = FALSE)
  reticulate::import("pandas")$read_csv(path)
}

# Columns of a table of Python's, with its index as columns.
columns_of <- function(table, names) {
  table <- table$reset_index()
  lapply(stats::setNames(nm = names), function(name) unlist(table[[name]]$tolist()))
}

test_that("rows held out and new rows are judged as in Python", {
  skip_without_core()
  data <- cohorts()
  seen <- data[1:250, ]
  python <- reticulate::import("sparsekin")
  cases <- list(
    list("y", "gaussian", "y", c("rmse", "cal_intercept")), list("ill", "binomial", "ill", c("auc", "brier_scaled", "cal_intercept")),
    list("n", "poisson", "n", c("dispersion", "cal_intercept")), list("survival::Surv(time, dead)", "cox", "Surv(time, dead)", "concordance")
  )
  for (case in cases) {
    if (case[[2L]] == "cox") skip_if_not_installed("survival")
    fit <- sparse_mtl(on_five(case[[1L]]), seen, "site", s = 1, lambda_z = 0.1, family = case[[2L]])
    held <- hold_out(fit, folds = 4, rng = 3)
    there <- python$SparseMTL$from_formula(paste(case[[3L]], "~ X1 + X2 + X3 + X4 + X5"), in_python(seen), task = "site", family = case[[2L]])
    there <- there$fit(s = 1L, lambda_z = 0.1)
    names <- c("n", "explained", case[[4L]], "cal_slope")
    wanted <- columns_of(there$hold_out(4L, rng = 3L)$performance, c("rows", names))
    expect_identical(held$performance$rows, wanted$rows)
    expect_equal(as.list(held$performance[names]), wanted[names], tolerance = 1e-8, info = case[[2L]])
    expect_identical(coef(held), coef(fit))
    judged <- validate(fit, data[251:400, ])
    wanted <- columns_of(there$validate(in_python(data[251:400, ]))$performance, names)
    expect_equal(as.list(judged$performance[names]), wanted[names], tolerance = 1e-8, info = case[[2L]])
    wanted <- columns_of(there$validate(in_python(data[251:400, -1L]), how = "mean")$performance, names)
    expect_equal(as.list(validate(fit, data[251:400, -1L], how = "mean")$performance[names]), wanted[names], tolerance = 1e-8)
    expect_identical(hold_out(fit, folds = 4, rng = 3), held)
  }
})

test_that("calibration is that of glm() on the predictions, offsets and weights heeded", {
  skip_without_core()
  data <- cohorts()
  data$w <- rep(c(1, 2), 200)
  fit <- sparse_mtl(n ~ X1 + X2 + X3 + offset(log(days)), data, "site", s = 1, family = "poisson", weights = w)
  held <- hold_out(fit, folds = 5, rng = 1)
  table <- held$performance
  for (site in c("north", "south")) for (kind in c("apparent", "out-of-fold")) {
    mine <- data$site == site
    eta <- predictors_of(held, kind)[mine, 1L]
    row <- table[table$task == site & table$rows == kind, ]
    shift <- glm(data$n[mine] ~ offset(eta), family = poisson, weights = data$w[mine])
    slope <- glm(data$n[mine] ~ eta, family = poisson, weights = data$w[mine])
    expect_equal(row$cal_intercept, unname(coef(shift)), tolerance = 1e-6)
    expect_equal(row$cal_slope, unname(coef(slope)[2L]), tolerance = 1e-6)
  }
  expect_equal(augment(held)$.fitted_cv, unname(exp(held$held_out$eta[, 1L])))
  known <- augment(held, data)
  expect_equal(known$.fitted_cv[7L], exp(held$held_out$eta[7L, 1L]))
  # An offset of numbers is taken off in the core, and is in the table again.
  plain <- hold_out(sparse_mtl(y ~ X1 + X2 + X3 + offset(3 * days), data, "site", s = 1), folds = 5, rng = 1)
  mine <- data$site == "north"
  line <- lm(data$y[mine] ~ plain$held_out$eta[mine, 1L])
  expect_equal(plain$performance$cal_slope[2L], unname(coef(line)[2L]))
  expect_equal(plain$performance$rmse[1L], sqrt(mean(residuals(plain)[mine]^2)))
  again <- validate(fit, data[1:100, ], offset = rep(0.5, 100))
  eta <- predict(fit, data[1:100, ], type = "link") - log(data$days[1:100]) + 0.5
  mine <- which(data$site[1:100] == "south")
  expect_equal(again$performance$cal_intercept[2L], log(sum(data$n[mine]) / sum(exp(eta[mine]))), tolerance = 1e-6)
})

test_that("successes and failures, factors and several outcomes are judged", {
  skip_without_core()
  data <- cohorts()
  data$trials <- rep(3:6, 100)
  data$events <- rbinom(400, data$trials, plogis(data$X2))
  fit <- sparse_mtl(cbind(events, trials - events) ~ X1 + X2 + X3, data, "site", s = 1, family = "binomial")
  expect_equal(
    validate(fit, data)$performance[c("explained", "auc", "cal_slope")], fit$performance[c("explained", "auc", "cal_slope")], tolerance = 1e-7
  )
  data$state <- factor(ifelse(data$ill, "ill", "healthy"), c("healthy", "ill"))
  named <- sparse_mtl(state ~ X1 + X2 + X3, data, "site", s = 1, family = "binomial")
  expect_equal(validate(named, data)$performance$auc, named$performance$auc)
  expect_error(validate(named, transform(data, state = "dead")), "'dead', not seen when fitting", class = "sparsekin_DataError")
  two <- hold_out(sparse_mtl(cbind(y, time) ~ X1 + X2 + X3, data, s = 1), folds = 4, rng = 1)
  expect_identical(two$performance$task, rep(c("y", "time"), each = 2L))
  expect_named(augment(two)[6:7], c(".fitted_cv_y", ".fitted_cv_time"))
  expect_error(validate(two, data), "tasks are outcomes of the same rows", class = "sparsekin_OptionError")
  hal <- mt_hal(ill ~ h(X2) + X1, data, "site", lambda = 0.02, family = "binomial")
  names <- c("explained", "auc", "cal_slope")
  expect_equal(validate(hal, data)$performance[names], hal$performance[names], tolerance = 1e-7)
})

test_that("a refit of a cross-validation holds what its folds say", {
  skip_without_core()
  data <- cohorts()
  cv <- cv_sparse_mtl(ill ~ X1 + X2 + X3, data, "site", s = 1, lambda_1 = 0.01, lambda_2 = 0, lambda_z = 0, folds = 3, rng = 1, family = "binomial")
  fit <- quiet_edge(refit(cv))
  expect_identical(fit$held_out$kind, "out-of-fold")
  fold <- cv$folds == 2L
  alone <- sparse_mtl(ill ~ X1 + X2 + X3, data[!fold, ], "site", s = 1, lambda_1 = fit$lambda_1, family = "binomial")
  expect_equal(augment(fit)$.fitted_cv[fold], unname(predict(alone, data[fold, ])), tolerance = 1e-6)
  curves <- refit(cv_mt_hal(ill ~ h(X2), data, "site", n_lambda = 4, folds = 3, rng = 1, family = "binomial"))
  expect_setequal(curves$performance$rows, c("apparent", "out-of-fold"))
  expect_output(print(summary(curves)), "north, out-of-fold")
  left <- hold_out(sparse_mtl(y ~ X1 + X2 + X3, data, "site", s = 1), scheme = "leave-one-task-out")
  expect_setequal(left$performance$rows, c("apparent", "task left out"))
  expect_output(print(summary(left)), "Task left out: by models that did not see them")
})

test_that("groups, intervals and curves of pictures are those of base R and survival", {
  skip_if_not_installed("survival")
  data <- cohorts()
  expect_identical(quantile_groups(c(0.1, 0.4, 0.2, 0.4, 0.4, 0.9), 3L), c(1L, 2L, 1L, 2L, 2L, 3L))
  row <- list(family = "binomial", y = matrix(rep(c(1, 0, 1, 1, 0, 1, 1), 4L), ncol = 1L), weight = rep(1, 28))
  expect_equal(observed_in(row, 1:28, NULL)[-1L], as.vector(prop.test(20, 28, correct = FALSE)$conf.int))
  row <- list(family = "poisson", y = matrix(c(2, 0, 3), ncol = 1L), weight = rep(1, 3))
  expect_equal(observed_in(row, 1:3, NULL), unname(c(5 / 3, poisson.test(5, 3)$conf.int)))
  y <- cbind(runif(400, 0, 0.1), data$time + 0.1, data$dead)
  weight <- rep(c(1, 2), 200)
  for (entry in c(FALSE, TRUE)) {
    outcome <- if (entry) survival::Surv(y[, 1L], y[, 2L], y[, 3L]) else survival::Surv(y[, 2L], y[, 3L])
    peer <- summary(survival::survfit(outcome ~ 1, weights = weight, conf.type = "log-log", robust = FALSE), times = 0.8)
    own <- if (entry) y else y[, -1L]
    found <- kaplan_meier_at(kaplan_meier(own, weight), own, 0.8)
    expect_equal(found, c(peer$surv, peer$lower, peer$upper), tolerance = 1e-6)
  }
  expect_true(all(is.na(kaplan_meier_at(kaplan_meier(y, weight), y, 9))))
})

test_that("pictures show the rows that are asked for", {
  skip_without_core()
  skip_if_not_installed("survival")
  data <- cohorts()
  fit <- sparse_mtl(ill ~ X1 + X2 + X3, data, "site", s = 1, family = "binomial")
  shown <- calibration_of(fit, NULL, NULL)
  expect_identical(shown$kind, "apparent")
  expect_equal(sum(shown$panels[[1L]]$groups$observed * table(quantile_groups(shown$panels[[1L]]$predicted, 10L))), sum(data$ill[data$site == "north"]))
  held <- hold_out(fit, folds = 3, rng = 1)
  expect_identical(calibration_of(held, NULL, NULL)$kind, "out-of-fold")
  expect_identical(calibration_of(held, "apparent", NULL), shown)
  expect_error(plot(fit, type = "calibration", rows = "out-of-fold"), "hold_out() holds rows out", fixed = TRUE)
  expect_error(plot(fit, type = "survival"), "is of survival times", class = "sparsekin_OptionError")
  expect_error(plot(fit, type = "calibration", time = 1), "time goes with survival times")
  times <- hold_out(sparse_mtl(survival::Surv(time, dead) ~ X1 + X2 + X3, data, "site", s = 1), folds = 3, rng = 1)
  expect_error(plot(times, type = "calibration"), "time goes with survival times", class = "sparsekin_OptionError")
  own <- calibration_of(times, "apparent", 0.7)$panels[[1L]]$predicted
  expect_equal(own, unname(1 - predict(times, type = "survival", times = 0.7)[data$site == "north", 1L]))
  thirds_shown <- survival_by_thirds(times, NULL)$panels[[1L]]
  expect_setequal(thirds_shown$observed$group, thirds)
  low <- predictors_of(times, "out-of-fold")[data$site == "north", 1L]
  peer <- survival::survfit(survival::Surv(time, dead) ~ 1, data[data$site == "north", ][quantile_groups(low, 3L) == 1L, ])
  expect_equal(min(thirds_shown$observed$survival[thirds_shown$observed$group == "low"]), min(peer$surv))
  judged <- validate(times, data[1:200, ])
  expect_silent(draw(judged, type = "survival"))
  expect_silent(draw(judged, time = 1))
  left <- hold_out(times, scheme = "leave-one-task-out", rng = 1)
  expect_error(plot(left, type = "calibration", time = 1), "no baseline hazard", class = "sparsekin_OptionError")
  expect_silent(draw(left, type = "survival"))
  expect_silent(draw(sparse_mtl(y ~ X1 + X2, data, "site", s = 1), type = "calibration"))
  expect_silent(draw(mt_hal(ill ~ h(X2), data, "site", lambda = 0.02, family = "binomial"), type = "calibration"))
  skip_if_not_installed("ggplot2")
  for (one in list(list(held, type = "calibration"), list(times, type = "survival"), list(left, type = "survival"), list(judged, time = 1))) {
    drawn_on(7, 5, function() expect_silent(print(do.call(ggplot2::autoplot, one))))
  }
})

test_that("survival curves know no origin of columns", {
  skip_without_core()
  skip_if_not_installed("survival")
  data <- cohorts()
  far <- transform(data, X2 = X2 + 2000)
  near <- sparse_mtl(survival::Surv(time, dead) ~ X1 + X2, data, "site", s = 1, lambda_1 = 0)
  away <- sparse_mtl(survival::Surv(time, dead) ~ X1 + X2, far, "site", s = 1, lambda_1 = 0)
  expect_equal(
    predict(away, far[1:5, ], type = "survival", times = 0.5), predict(near, data[1:5, ], type = "survival", times = 0.5), tolerance = 1e-5
  )
})

test_that("what cannot be judged is said", {
  skip_without_core()
  data <- cohorts()
  fit <- sparse_mtl(ill ~ X1 + X2, data, "site", s = 1, family = "binomial")
  expect_error(validate(fit, data["X1"]), "The new rows lack 'ill': to validate a fit", class = "sparsekin_DataError")
  expect_error(validate(fit, transform(data, X1 = NA_real_)), "None of the 400 new rows", class = "sparsekin_DataError")
  expect_error(validate(fit, transform(data, site = "east")), "how = \"mean\"", class = "sparsekin_DataError")
  expect_error(validate(fit, data, offset = 1:3), "3 for 400 rows", class = "sparsekin_DataError")
  expect_error(hold_out(fit, folds = 1), "at least 2", class = "sparsekin_OptionError")
  expect_error(hold_out(fit, scheme = "both"), "scheme", class = "sparsekin_OptionError")
  one <- validate(fit, data[data$ill | data$site == "south", ])
  expect_identical(is.na(one$performance$auc), c(TRUE, FALSE))
  expect_output(print(one), "Blank: .*only one outcome")
  expect_identical(glance(one)$nobs, sum(data$ill | data$site == "south"))
  expect_error(validate(fit, data[data$ill, ]), "needs both 0 and 1", class = "sparsekin_DataError")
})
