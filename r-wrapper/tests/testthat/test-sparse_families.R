skip_if_not(core_available())
skip_if_not_installed("survival")

# Two centres whose outcomes depend on x1 and x2; outcomes of all kinds, weights, trials, strata and delayed entry.
patients <- local({
  set.seed(7)
  n <- 300L
  data <- data.frame(centre = rep(c("A", "B"), each = n / 2), matrix(rnorm(n * 6), n))
  names(data)[-1L] <- paste0("x", 1:6)
  eta <- 0.9 * data$x1 - 0.7 * data$x2
  data$sex <- factor(sample(c("f", "m"), n, TRUE))
  data$w <- runif(n, 0.5, 2)
  data$ill <- ifelse(rbinom(n, 1, stats::plogis(eta)) == 1, "yes", "no")
  data$days <- runif(n, 0.5, 3)
  data$cases <- rpois(n, data$days * exp(eta / 2))
  data$trials <- sample(1:6, n, TRUE)
  data$cured <- rbinom(n, data$trials, stats::plogis(eta))
  data$time <- ceiling(10 * rexp(n, exp(eta)))
  data$dead <- rbinom(n, 1, 0.7)
  data$entry <- data$time * runif(n, 0, 0.9)
  data
})
Surv <- survival::Surv
strata <- survival::strata
lines <- . ~ x1 + x2 + x3 + x4 + x5 + x6
asked <- function(left, ...) {
  formula <- stats::update(lines, stats::as.formula(paste(left, "~ .")))
  sparse_mtl(formula, data = patients, task = "centre", s = 2, lambda_1 = 0, ...)
}
rows_of <- function(centre) patients$centre == centre

# The coefficients that the other package gives on the columns selected, and what it says of the rows.
expect_refit <- function(fit, refit, tolerance = 1e-8) {
  for (centre in fit$tasks) {
    selected <- rownames(fit$support)[fit$support[, centre]]
    expect_length(selected, 2L)
    peer <- refit(selected, patients[rows_of(centre), ])
    expect_equal(coef(fit)[names(coef(peer)), centre], coef(peer), tolerance = tolerance, info = centre)
    for (type in c("deviance", if (inherits(peer, "coxph")) "martingale" else c("response", "pearson"))) {
      expect_equal(
        unname(residuals(fit, type = type)[rows_of(centre)]), unname(residuals(peer, type = type)), tolerance = 1e-6, info = type
      )
    }
    if (!inherits(peer, "coxph")) {
      expect_equal(fit$task_fit[centre, "deviance"], deviance(peer), tolerance = tolerance)
      expect_equal(fit$task_fit[centre, "null_deviance"], peer$null.deviance, tolerance = tolerance)
      expect_equal(unname(fitted(fit)[rows_of(centre)]), unname(fitted(peer)), tolerance = 1e-7)
      link <- predict(fit, patients[rows_of(centre), ], type = "link")
      expect_equal(unname(link), unname(predict(peer, patients[rows_of(centre), ])), tolerance = 1e-7)
    }
  }
}

test_that("one row is rows too, with an exposure or strata", {
  skip_without_core()
  cars <- mtcars[1L, ]
  expect_error(
    sparse_mtl(carb ~ wt + hp, cars, "am", s = 1, family = "poisson", exposure = "disp"), "1 complete row", class = "sparsekin_error"
  )
  skip_if_not_installed("survival")
  expect_identical(nobs(sparse_mtl(survival::Surv(qsec, am) ~ wt + hp + strata(gear), cars, "am", s = 1)), 1L)
})

test_that("yes and no are glm() of the features selected, whatever they are called", {
  close <- list(epsilon = 1e-14)
  peer <- function(selected, data) {
    suppressWarnings(stats::glm(stats::reformulate(selected, quote((ill == "yes") * 1)), binomial, data, weights = w, control = close))
  }
  fit <- asked("ill", family = binomial, weights = "w")
  expect_refit(fit, peer)
  same <- function(left, family) {
    other <- asked(left, family = family, weights = "w")
    expect_equal(coef(other), coef(fit), tolerance = 1e-12)
    expect_equal(unname(fitted(other)), unname(fitted(fit)), tolerance = 1e-12)
  }
  same("factor(ill)", "binomial")
  same("(ill == 'yes')", binomial())
  same("as.numeric(ill == 'yes')", c(A = "binomial", B = "binomial"))
  same("ill", list(binomial, "binomial"))
  turned <- asked("factor(ill, c('yes', 'no'))", family = binomial, weights = "w")
  expect_equal(unname(fitted(turned)), 1 - unname(fitted(fit)), tolerance = 1e-8)
  expect_identical(family(fit)$family, "binomial")
  expect_identical(fit$families, c(A = "binomial", B = "binomial"))
  expect_equal(deviance(fit), sum(fit$task_fit$deviance))
  expect_equal(predict(fit), fitted(fit))
  expect_equal(predict(fit, patients), fitted(fit), tolerance = 1e-12)
  expect_equal(predict(fit, type = "response"), stats::plogis(predict(fit, type = "link")))
})

test_that("successes and failures are glm()", {
  fit <- asked("cbind(cured, trials - cured)", family = binomial)
  expect_refit(fit, function(selected, data) {
    stats::glm(stats::reformulate(selected, quote(cbind(cured, trials - cured))), binomial, data, control = list(epsilon = 1e-14))
  })
  expect_equal(augment(fit, patients)$.fitted, unname(fitted(fit)))
  again <- augment(fit, newdata = patients)
  expect_equal(again$.resid, patients$cured / patients$trials - again$.fitted)
})

test_that("counts with offsets, of the formula or as exposure, are glm()", {
  peer <- function(selected, data) {
    formula <- stats::reformulate(c(selected, "offset(log(days))"), "cases")
    stats::glm(formula, poisson, data, weights = w, control = list(epsilon = 1e-14))
  }
  fit <- sparse_mtl(
    cases ~ x1 + x2 + x3 + x4 + x5 + x6 + offset(log(days)), patients, "centre", s = 2, lambda_1 = 0, family = poisson, weights = w
  )
  expect_refit(fit, peer)
  for (exposed in list(
    asked("cases", family = poisson(), weights = "w", exposure = "days"), sparse_mtl(cases ~ x1 + x2 + x3 + x4 + x5 + x6, patients, "centre", s = 2, lambda_1 = 0, family = "poisson", weights = w, exposure = days),
    asked("cases", family = "poisson", weights = "w", exposure = patients$days)
  )) {
    expect_equal(coef(exposed), coef(fit))
    expect_equal(fitted(exposed), fitted(fit))
    expect_equal(predict(exposed, patients) * patients$days, predict(fit, patients)) # new rows are per unit of exposure
  }
  every <- sparse_mtl(cases ~ . - ill - trials - cured - time - dead - entry - w, patients, "centre", s = 2, family = "poisson", exposure = days)
  expect_false("days" %in% rownames(every$support))
  written <- sparse_mtl(
    cases ~ . - ill - trials - cured - time - dead - entry - w + offset(log(days)), patients, "centre", s = 2, family = "poisson"
  )
  expect_identical(rownames(written$support), rownames(every$support))
  expect_equal(coef(written), coef(every))
  gaps <- transform(patients, days = replace(days, 3, NA))
  expect_error(
    sparse_mtl(cases ~ x1 + x2, gaps, "centre", s = 1, family = "poisson", exposure = days), "Missing values in 1 of 300 rows: exposure \\(1\\)"
  )
  less <- sparse_mtl(cases ~ x1 + x2, gaps, "centre", s = 1, family = "poisson", exposure = days, missing = "drop")
  expect_equal(coef(less), coef(sparse_mtl(cases ~ x1 + x2, gaps[-3, ], "centre", s = 1, family = "poisson", exposure = days)))
})

test_that("survival times are coxph(), with both ties, strata, weights and delayed entry", {
  close <- survival::coxph.control(eps = 1e-11, toler.chol = 1e-13)
  surv <- function(left, right = character(), ...) {
    function(selected, data) {
      formula <- stats::reformulate(c(selected, right), left)
      survival::coxph(formula, data, control = close, ...)
    }
  }
  expect_refit(asked("Surv(time, dead)"), surv(quote(Surv(time, dead))))
  expect_refit(asked("survival::Surv(time, dead)", ties = "breslow"), surv(quote(Surv(time, dead)), ties = "breslow"))
  expect_refit(asked("Surv(entry, time, dead)", family = "cox"), surv(quote(Surv(entry, time, dead))))
  weighted <- function(selected, data) {
    survival::coxph(stats::reformulate(selected, quote(Surv(time, dead))), data, weights = w, ties = "breslow", control = close)
  }
  expect_refit(asked("Surv(time, dead)", weights = "w", ties = "breslow"), weighted)
  by_sex <- sparse_mtl(Surv(time, dead) ~ x1 + x2 + x3 + x4 + strata(sex), patients, "centre", s = 2, lambda_1 = 0)
  expect_refit(by_sex, surv(quote(Surv(time, dead)), "strata(sex)"))
  offset <- sparse_mtl(Surv(time, dead) ~ x1 + x2 + x3 + x4 + offset(x5 / 3), patients, "centre", s = 2, lambda_1 = 0)
  expect_refit(offset, surv(quote(Surv(time, dead)), "offset(x5/3)"))
  expect_error(family(by_sex), "no family() of 'stats'", fixed = TRUE, class = "sparsekin_Unavailable")
  expect_identical(rownames(coef(by_sex)), paste0("x", 1:4))
})

test_that("survival curves are those of survfit(), in strata too, for rows of the fit and new ones", {
  times <- c(0, 2, 7, 30)
  for (right in list(character(), "strata(sex)")) {
    formula <- stats::reformulate(c("x1", "x2", "x3", right), quote(Surv(time, dead)))
    fit <- sparse_mtl(formula, patients, "centre", s = 3, lambda_1 = 0)
    found <- predict(fit, patients, type = "survival", times = times)
    expect_equal(predict(fit, type = "survival", times = times), found)
    expect_equal(unname(found[, "0"]), rep(1, nrow(patients)))
    for (centre in c("A", "B")) {
      own <- patients[rows_of(centre), ]
      # An environment of its own: survfit() evaluates the call of coxph() anew.
      peer <- eval(bquote(survival::coxph(.(formula), .(quote(own)), model = TRUE)))
      for (i in c(1L, 20L, 77L)) {
        theirs <- summary(survival::survfit(peer, newdata = own[i, ]), times = times, extend = TRUE)$surv
        expect_equal(unname(found[which(rows_of(centre))[i], ]), theirs, tolerance = 1e-6)
      }
    }
    expect_equal(predict(fit, patients[1:3, ], type = "survival", times = 7, task = "B")[, 1L], {
      moved <- transform(patients[1:3, ], centre = "B")
      predict(fit, moved, type = "survival", times = 7)[, 1L]
    })
  }
  expect_error(
    predict(fit, transform(patients, sex = "x"), type = "survival", times = 7), "no baseline hazard of stratum 'x' (it knows 'f', 'm')",
    fixed = TRUE, class = "sparsekin_DataError"
  )
  expect_error(predict(fit, patients[c("centre", "x1", "x2", "x3")], type = "survival", times = 7), "lack columns .* 'sex'")
  curve <- predict(fit, patients[1:2, c("centre", "x1", "x2", "x3")])
  expect_equal(curve, exp(predict(fit, patients[1:2, ], type = "link")))
})

test_that("families by task, and several outcomes, are each their own", {
  mixed <- transform(patients, y = ifelse(centre == "A", (ill == "yes") * 1, 2 * x1 - x3 + 0.1 * x4))
  fit <- sparse_mtl(y ~ x1 + x2 + x3, mixed, "centre", s = 2, lambda_1 = 0, family = list(A = binomial(), B = "gaussian"))
  own <- mixed[rows_of("A"), ]
  peer <- stats::glm(stats::reformulate(names(which(fit$support[, "A"])), "y"), binomial, own, control = list(epsilon = 1e-14))
  expect_equal(coef(fit)[names(coef(peer)), "A"], coef(peer), tolerance = 1e-8)
  line <- stats::lm(stats::reformulate(names(which(fit$support[, "B"])), "y"), mixed[rows_of("B"), ])
  expect_equal(coef(fit)[names(coef(line)), "B"], coef(line), tolerance = 1e-8)
  expect_error(family(fit), "A binomial, B gaussian", class = "sparsekin_Unavailable")
  expect_error(predict(fit, mixed, how = "mean"), "averages models of one family", class = "sparsekin_OptionError")
  expect_error(tidy(fit, exponentiate = TRUE), "not for gaussian tasks", class = "sparsekin_OptionError")
  expect_output(print(summary(fit)), "Squared errors count by one over the residual variance")
  expect_equal(residuals(fit, type = "deviance")[rows_of("B")], residuals(fit)[rows_of("B")])
  both <- sparse_mtl(cbind(sick = ill == "yes", cases) ~ x1 + x2, patients, s = 2, lambda_1 = 0, family = c(sick = "binomial", cases = "poisson"))
  close <- list(epsilon = 1e-14)
  expect_equal(coef(both)[, "cases"], coef(stats::glm(cases ~ x1 + x2, poisson, patients, control = close)), tolerance = 1e-8)
  expect_equal(
    coef(both)[, "sick"], coef(stats::glm((ill == "yes") ~ x1 + x2, binomial, patients, control = close)), tolerance = 1e-8
  )
  expect_identical(dim(predict(both, patients)), c(300L, 2L))
  expect_equal(predict(both)[, "cases"], exp(predict(both, type = "link")[, "cases"]))
})

test_that("an automatic ridge is one over the mean rows of a task, and none for squared errors", {
  fit <- sparse_mtl(ill ~ x1 + x2, patients, "centre", s = 1, family = binomial)
  expect_equal(fit$lambda_1, 1 / 150)
  expect_identical(glance(fit)$lambda_1, fit$lambda_1)
  expect_identical(sparse_mtl(cases ~ x1 + x2, patients, "centre", s = 1)$lambda_1, 0)
  expect_identical(sparse_mtl(cases ~ x1 + x2 + offset(x3), patients, "centre", s = 1)$lambda_1, 0)
  expect_identical(unique(path_sparse_mtl(ill ~ x1 + x2, patients, "centre", s = 1, lambda_z = 0, family = binomial)$table$lambda_1), 1 / 150)
  apart <- transform(patients, x1 = x1 + 9 * (ill == "yes"))
  expect_error(
    sparse_mtl(ill ~ x1 + x2, apart, "centre", s = 1, family = binomial, lambda_1 = 0), "In task 'A' x1 separates the outcome",
    class = "sparsekin_SolverError"
  )
  expect_output(
    print(summary(sparse_mtl(ill ~ x1 + x2, apart, "centre", s = 1, family = binomial))),
    "The selected features separate the outcome in 'A', 'B': sizes are set by lambda_1 there."
  )
  expect_warning(
    sparse_mtl(ill ~ ., patients[c(1:20, 151:170), c("centre", "ill", paste0("x", 1:6))], "centre", s = 5, family = binomial),
    "fewer than 5 each", class = "sparsekin_DataWarning"
  )
})

test_that("tables and summaries say what coefficients are", {
  fit <- sparse_mtl(ill ~ x1 + x2 + x3 + x4, patients, "centre", s = 2, lambda_z = 0.01, family = binomial)
  ratios <- tidy(fit, exponentiate = TRUE)
  expect_equal(ratios$estimate, exp(tidy(fit)$estimate))
  expect_named(glance(fit)[c("deviance", "null.deviance", "dev.ratio")])
  expect_equal(glance(fit)$deviance, deviance(fit))
  shown <- paste(utils::capture.output(print(summary(fit))), collapse = "\n")
  for (part in c("; binomial\n", "log odds of 'yes' against 'no'", "events_per_feature", "explained", "auc", "brier", "cal_slope", "on the rows of the fit, so too good")) {
    expect_match(shown, part, fixed = TRUE)
  }
  expect_output(print(fit), "300 rows, binomial, s = 2")
  hazards <- sparse_mtl(Surv(time, dead) ~ x1 + x2 + strata(sex), patients, "centre", s = 1, ties = "breslow")
  shown <- paste(utils::capture.output(print(summary(hazards))), collapse = "\n")
  expect_match(shown, "logs of hazard ratios (ties: breslow)", fixed = TRUE)
  expect_match(shown, "Every task and stratum has a baseline hazard of its own", fixed = TRUE)
  expect_match(shown, "concordance")
  expect_named(augment(hazards), c(".rownames", "task", ".fitted", ".resid"))
  expect_false(".resid" %in% names(augment(hazards, newdata = patients)))
  expect_equal(augment(hazards, patients)$.resid, unname(residuals(hazards)))
  lines <- tryCatch(logLik(fit), error = conditionMessage)
  expect_match(lines, "penalised deviance over selected features")
  draw(fit)
})

test_that("a fit of a family goes to a file and predicts without Python", {
  fit <- sparse_mtl(ill ~ x1 + x2 + sex, patients, "centre", s = 2, family = binomial)
  alone <- without_python(fit, patients)
  expect_equal(alone[[1L]], predict(fit, patients))
  expect_identical(alone[[3L]], c(FALSE, FALSE))
  hazards <- sparse_mtl(Surv(time, dead) ~ x1 + x2, patients, "centre", s = 1)
  file <- tempfile(fileext = ".rds")
  saveRDS(hazards, file)
  expect_equal(predict(readRDS(file), patients, type = "survival", times = 3), predict(hazards, patients, type = "survival", times = 3))
})

test_that("update() keeps family, ties and exposure, and changes them", {
  fit <- sparse_mtl(cases ~ x1 + x2 + x3, patients, "centre", s = 1, family = poisson, exposure = days)
  more <- update(fit, s = 2)
  expect_equal(coef(more), coef(sparse_mtl(cases ~ x1 + x2 + x3, patients, "centre", s = 2, family = poisson, exposure = days)))
  expect_identical(update(fit, family = "gaussian", exposure = NULL)$families, c(A = "gaussian", B = "gaussian"))
})

test_that("new tasks are predicted on the scale of the link", {
  fit <- sparse_mtl(ill ~ x1 + x2 + x3, patients, "centre", s = 2, family = binomial)
  link <- predict(fit, patients, how = "mean", type = "link")
  expect_equal(predict(fit, patients, how = "mean"), stats::plogis(link))
  pooled <- model.matrix(fit) %*% coef(fit) %*% c(0.5, 0.5)
  expect_equal(unname(predict(fit, patients, how = "pooled", type = "link")), as.vector(pooled))
  expect_error(predict(fit, patients, how = "mean", labelled = patients), "labelled rows are for gaussian outcomes so far")
  expect_error(predict(fit, patients, how = "mean", interval = "prediction"), "is for gaussian outcomes; predict\\(type = \"response\"\\)")
  expect_error(predict(fit, patients, type = "risk"), "is not for binomial outcomes; use \"response\" or \"link\"")
})

test_that("paths, cross-validation, half-samples and proofs know families", {
  path <- path_sparse_mtl(ill ~ x1 + x2 + x3, patients, "centre", s = 1:2, lambda_z = c(0, 0.1), family = binomial)
  for (type in c("response", "link")) {
    expect_equal(predict(path, patients, at = 3, type = type), predict(refit(path, 3), patients, type = type), tolerance = 1e-10)
  }
  expect_equal(coef(path, 3), coef(refit(path, 3)), tolerance = 1e-10)
  expect_output(print(path), "300 rows, binomial, 4 settings")
  grid <- list(lambda_2 = 0, lambda_z = 0, folds = 3, rng = 1, s = 1:3, data = patients, task = "centre")
  for (metric in list(NULL, "auc", "brier")) {
    cv <- quiet_edge(do.call(cv_sparse_mtl, c(list(ill ~ x1 + x2 + x3 + x4), grid, list(family = binomial, metric = metric))))
    expect_identical(cv$metric, if (is.null(metric)) "deviance" else metric)
    expect_identical(max(refit(cv)$s), as.integer(cv$table$s[cv$best]))
    expect_equal(predict(cv, patients), predict(refit(cv), patients))
    draw(cv)
  }
  cv <- quiet_edge(do.call(cv_sparse_mtl, c(list(Surv(time, dead) ~ x1 + x2 + x3), grid, list(metric = "c_index"))))
  expect_output(print(cv), "Concordance on held-out rows")
  expect_gt(max(cv$table$mean), 0.6)
  expect_equal(predict(cv, patients), predict(refit(cv), patients, type = "risk"))
  expect_identical(dim(predict(cv, patients, type = "survival", times = 1:2)), c(300L, 2L))
  expect_error(
    do.call(cv_sparse_mtl, c(list(cases ~ x1 + x2), grid, list(family = poisson, metric = "auc"))), "metric='auc' is not for poisson",
    class = "sparsekin_OptionError"
  )
  fit <- sparse_mtl(ill ~ x1 + x2 + x3, patients, "centre", s = 1, lambda_1 = 0.1, family = binomial)
  expect_identical(certify(fit)$certificate$status, "optimal")
  sure <- stability(fit, pairs = 10, rng = 1)
  expect_true(all(confint(sure, "x1")[, 1L] > 0))
  expect_true(all(pvalues(sure)["x1", ] < 0.01))
  expect_equal(tidy(sure, exponentiate = TRUE)$conf.low, exp(tidy(sure)$conf.low))
})

test_that("what an outcome or a family cannot be is said", {
  refused <- function(message, ..., class = "sparsekin_error") {
    expect_error(sparse_mtl(..., data = patients, task = "centre", s = 1), message, class = class, fixed = TRUE)
  }
  refused("Outcome 'ill' is text ('no', 'yes'): give family = \"binomial\", which models the log odds of 'yes'", ill ~ x1 + x2)
  refused("not \"poisson\"", ill ~ x1 + x2, family = "poisson")
  refused("of a binomial task must have two levels; it has 3", factor(dead + (x1 > 0)) ~ x1 + x2, family = binomial)
  refused("Task 'A' is cox, but its outcome has 1 column", time ~ x1 + x2, family = "cox")
  refused("is survival times, which need family='cox', not 'binomial'", Surv(time, dead) ~ x1 + x2, family = binomial)
  refused("Survival times of type 'left' cannot be fitted", Surv(time, dead, type = "left") ~ x1 + x2)
  refused("Task 'A' has no events among its 150 rows", Surv(time, dead * 0) ~ x1 + x2)
  refused("Task 'A' is poisson, but its outcome holds -", x3 ~ x1 + x2, family = poisson)
  refused("family binomial has link \"probit\"; fits are with link \"logit\".", ill ~ x1 + x2, family = binomial("probit"))
  refused("or those by task, not \"bernoulli\".", ill ~ x1 + x2, family = "bernoulli", class = "sparsekin_OptionError")
  refused("or those by task, not 3.", ill ~ x1 + x2, family = 3, class = "sparsekin_OptionError")
  refused("family does not say what task 'B' is; give every task one.", ill ~ x1 + x2, family = c(A = "binomial"))
  refused("exposure is for family = \"poisson\"", cases ~ x1 + x2, exposure = "days")
  refused("exposure holds 0; the time at risk", cases ~ x1 + x2, exposure = patients$days * 0, family = poisson)
  refused("strata() is for cox tasks", cases ~ x1 + x2 + strata(sex), family = poisson)
  refused("strata() stands alone between plus signs", Surv(time, dead) ~ x1 * strata(sex))
  refused("write cbind(successes, failures)", cbind(cases, trials, dead) ~ x1 + x2, family = binomial)
  refused("The offset is not finite in ", cases ~ x1 + x2 + offset(log(dead)), family = poisson)
  expect_error(
    sparse_mtl(cbind(cured, trials - cured) ~ x1 + x2, patients, s = 1, family = binomial), "give the column of tasks as task",
    class = "sparsekin_DataError"
  )
})

test_that("one model for all tasks is glm() with their intercepts, and coxph() with their strata", {
  fit <- asked("ill", family = binomial, lambda_2 = Inf)
  peer <- stats::glm((ill == "yes") ~ 0 + centre + x1 + x2, binomial, patients, control = list(epsilon = 1e-14))
  expect_equal(coef(fit)[c("x1", "x2"), "B"], coef(peer)[c("x1", "x2")], tolerance = 1e-8)
  expect_equal(unname(coef(fit)["(Intercept)", ]), unname(coef(peer)[c("centreA", "centreB")]), tolerance = 1e-8)
  expect_output(print(summary(fit)), "lambda_2 = Inf: one coefficient vector for all tasks")
  hazards <- asked("Surv(time, dead)", lambda_2 = Inf)
  peer <- survival::coxph(Surv(time, dead) ~ x1 + x2 + strata(centre), patients, control = survival::coxph.control(eps = 1e-11))
  expect_equal(coef(hazards)[c("x1", "x2"), "A"], coef(peer), tolerance = 1e-8)
})

test_that("every task is judged on the rows of the fit, and on rows held out after cross-validation", {
  fit <- asked("ill", family = binomial)
  expect_identical(fit$performance$rows, rep("apparent", 2L))
  expect_equal(fit$performance$explained, fit$task_fit$explained)
  expect_equal(fit$performance$cal_slope, c(1, 1), tolerance = 1e-6) # of maximum likelihood
  own <- patients$ill[rows_of("B")] == "yes"
  p <- fitted(fit)[rows_of("B")]
  expect_equal(fit$performance$brier[2L], mean((own - p)^2))
  expect_equal(fit$performance$auc[2L], unname(stats::wilcox.test(p[own], p[!own], exact = FALSE)$statistic) / (sum(own) * sum(!own)))
  cv <- quiet_edge(cv_sparse_mtl(ill ~ x1 + x2 + x3, patients, "centre", s = 1:2, lambda_z = 0, folds = 3, rng = 1, family = binomial))
  chosen <- refit(cv)
  expect_identical(chosen$performance$rows, rep(c("apparent", "out-of-fold"), 2L))
  expect_true(all(chosen$performance$auc < 1 & chosen$performance$auc > 0.5))
  expect_output(print(summary(chosen)), "A, out-of-fold")
  expect_identical(unique(sparse_mtl(cases ~ x1, patients, "centre", s = 1)$performance$rows), "apparent")
})
