# Pool, share or separate for yes/no outcomes, counts and survival times: the dial, its average and the comparison.
skip_if_not(core_available())
skip_if_not_installed("survival")

wards <- local({
  set.seed(5)
  n <- 44L
  data <- data.frame(ward = rep(c("A", "B"), c(20L, 24L)), matrix(rnorm(n * 4), n))
  names(data)[-1L] <- paste0("x", 1:4)
  eta <- 0.8 * data$x1 - 0.5 * data$x2
  data$ill <- ifelse(runif(n) < stats::plogis(eta), "yes", "no")
  data$days <- runif(n, 0.5, 3)
  data$cases <- rpois(n, data$days * exp(eta))
  data$time <- rexp(n, exp(eta))
  data$dead <- rbinom(n, 1, 0.8)
  data$fold <- sample(rep(1:3, length.out = n))
  data
})
Surv <- survival::Surv
asked <- function(verb, left, ...) {
  formula <- stats::reformulate(paste0("x", 1:4), left)
  verb(formula, wards, "ward", folds = "fold", rng = 1, ...)
}
away <- transform(wards[1:5, ], ward = "C")
shown <- function(x) gsub("\\s+", " ", paste(utils::capture.output(print(x)), collapse = " "))

test_that("by default yes and no go from pooled to separate, and the average answers as a fit does", {
  cv <- asked(cv_sparse_mtl, quote(ill), family = binomial)
  expect_s3_class(cv, "cv_dial")
  expect_identical(cv$metric, "deviance")
  expect_identical(cv$families$family, c("pool", "share", "separate"))
  average <- refit(cv, "average")
  expect_s3_class(average, "sparse_mtl_average")
  expect_match(shown(average), "2 tasks by ward, 44 rows, binomial, mean of", fixed = TRUE)
  expect_match(shown(summary(average)), "kept terms: 0; binomial mean of", fixed = TRUE)
  expect_match(shown(summary(average)), "Coefficients are log odds of 'yes' against 'no'.", fixed = TRUE)
  link <- drop(cbind(1, as.matrix(wards[paste0("x", 1:4)])) %*% coef(average))[cbind(1:44, match(wards$ward, c("A", "B")))]
  expect_equal(unname(predict(average, wards, type = "link")), link)
  expect_equal(unname(predict(average, wards)), stats::plogis(link))
  expect_equal(unname(fitted(average)), stats::plogis(link))
  moved <- predict(average, away, task = "B", type = "link")
  expect_equal(unname(moved), drop(cbind(1, as.matrix(away[paste0("x", 1:4)])) %*% coef(average)[, "B"]), ignore_attr = TRUE)
  expect_equal(predict(average, away, how = "mean"), stats::plogis(predict(average, away, how = "mean", type = "link")))
  slopes <- rowMeans(coef(average))[-1L]
  expect_equal(
    unname(diff(predict(average, away, how = "mean", type = "link"))), diff(drop(as.matrix(away[names(slopes)]) %*% slopes)),
    ignore_attr = TRUE
  )
  expect_error(predict(average, away), "not fitted to task 'C'", class = "sparsekin_DataError")
  peer <- stats::glm((ill == "yes") ~ offset(link) - 1, binomial, wards)
  expect_equal(deviance(average), deviance(peer))
  expect_equal(unname(residuals(average, type = "deviance")), unname(residuals(peer)))
  expect_equal(glance(average)$deviance, deviance(peer))
  cells <- tidy(average)
  ratios <- tidy(average, exponentiate = TRUE)
  expect_equal(ratios$estimate, exp(cells$estimate))
  expect_equal(ratios$estimate_standardized, exp(cells$estimate_standardized))
  expect_identical(ratios["inclusion"], cells["inclusion"])
  expect_equal(predict(cv, away, which = "average", how = "mean"), predict(average, away, how = "mean"))
  draw(cv)
  draw(average)
})

test_that("the level of a ward left out is free in its deviance, and the table says so", {
  cv <- cv_sparse_mtl(
    stats::reformulate(paste0("x", 1:4), quote(ill)), wards, "ward", family = binomial, s = 1, lambda_1 = 0.1, lambda_2 = 0, lambda_z = 0,
    scheme = "leave-one-task-out"
  )
  expect_match(shown(cv), "its level (log odds, or log rate) is free", fixed = TRUE)
  null <- cv$per_task[nrow(cv$per_task), ]
  share <- tapply(wards$ill == "yes", wards$ward, mean)
  expect_equal(unname(unlist(null)), unname(c(-2 * (share * log(share) + (1 - share) * log(1 - share)))))
  expect_no_match(shown(asked(cv_sparse_mtl, quote(ill), family = binomial, s = 1, lambda_1 = 0.1, lambda_2 = 0, lambda_z = 0)), "is free")
  one <- function(verb, ...) {
    shown(verb(Surv(time, dead) ~ x1 + x2, wards, "ward", family = "cox", s = 1, lambda_1 = 0.1, lambda_z = 0, scheme = "leave-one-task-out", ...))
  }
  expect_no_match(one(cv_sparse_mtl, lambda_2 = 0), "is free")
  expect_no_match(one(compare_models), "is free")
})

test_that("an average of survival times has survival curves and the deviance of coxph() at its linear predictors", {
  cv <- asked(cv_sparse_mtl, quote(Surv(time, dead)), s = 1:4, lambda_1 = 0.1, lambda_z = 0)
  average <- refit(cv, "average")
  link <- predict(average, wards, type = "link")
  expect_equal(predict(average, wards), exp(link))
  curves <- predict(average, wards, type = "survival", times = c(0.1, 0.5, 2))
  deviances <- 0
  for (ward in c("A", "B")) {
    own <- data.frame(wards, link = link)[wards$ward == ward, ]
    peer <- survival::coxph(Surv(time, dead) ~ offset(link), own, ties = "breslow")
    deviances <- deviances - 2 * peer$loglik[1L]
    at <- order(own$time)
    risks <- rev(cumsum(rev(exp(own$link[at]))))
    hazard <- stats::stepfun(own$time[at], c(0, cumsum(own$dead[at] / risks)))
    expect_equal(unname(curves[wards$ward == ward, ]), exp(-outer(exp(own$link), hazard(c(0.1, 0.5, 2)))))
  }
  expect_equal(deviance(average), deviances)
  expect_equal(unname(tidy(average, exponentiate = TRUE)$estimate), exp(tidy(average)$estimate))
  expect_error(predict(average, away, how = "mean", type = "survival", times = 1), "baseline hazard of a task")
})

test_that("averages of counts are of log rates, of gaussian tasks there are no ratios", {
  cv <- asked(cv_sparse_mtl, quote(cases), s = 1:4, lambda_1 = 0.1, lambda_z = 0, family = poisson, exposure = "days")
  average <- refit(cv, "average")
  peer <- stats::glm(cases ~ offset(predict(average, wards, type = "link") + log(days)) - 1, poisson, wards)
  expect_equal(unname(fitted(average)), unname(fitted(peer)))
  expect_equal(deviance(average), deviance(peer))
  plain <- refit(asked(cv_sparse_mtl, quote(days), s = 1, lambda_1 = 0, lambda_z = 0), "average")
  expect_error(tidy(plain, exponentiate = TRUE), "not for gaussian tasks", class = "sparsekin_OptionError")
  mixed <- transform(wards, y = ifelse(ward == "A", (ill == "yes") * 1, days + x1))
  both <- cv_sparse_mtl(
    y ~ x1 + x2 + x3, mixed, "ward", s = 1, lambda_1 = 0.1, lambda_z = 0, folds = "fold", family = list(A = binomial, B = "gaussian")
  )
  said <- shown(summary(refit(both, "average")))
  expect_match(said, "binomial and gaussian mean of")
  expect_no_match(said, "Squared errors count") # of one fit
  expect_match(shown(summary(refit(both))), "task fitted alone: B [0-9.]+\\.")
})

test_that("methods are compared by deviance, or what is asked for", {
  compared <- compare_models(ill ~ x1 + x2, wards, "ward", s = 1, lambda_z = 0, folds = "fold", rng = 1, family = binomial)
  expect_identical(compared$metric, "deviance")
  by_glm <- vapply(1:3, function(fold) {
    peer <- stats::glm((ill == "yes") ~ ward, binomial, wards[wards$fold != fold, ])
    held <- wards[wards$fold == fold, ]
    y <- (held$ill == "yes") * 1
    mean(tapply(stats::binomial()$dev.resids(y, stats::predict(peer, held, type = "response"), 1 + 0 * y), held$ward, mean))
  }, 0)
  expect_equal(compared$per_fold$null, by_glm, tolerance = 1e-7)
  expect_equal(glance(compared)$estimate_null, mean(by_glm), tolerance = 1e-7)
  expect_true(all(c("pooled lasso", "pretrained lasso", "dial, averaged", "independent L0") %in% tidy(compared)$method))
  expect_match(shown(compared), "Comparison by Deviance, 3 folds (within-task)", fixed = TRUE)
  expect_match(shown(summary(compared)), "Not available: multi-task lasso: .* is for squared errors")
  draw(compared)
  by_auc <- update(compared, metric = "auc")
  expect_equal(by_auc$per_fold$null, rep(0.5, 3))
  expect_identical(by_auc$glance$best, by_auc$table$method[which.max(by_auc$table$mean)])
  expect_match(shown(by_auc), "Comparison by AUC", fixed = TRUE)
  expect_true(all(by_auc$table$difference <= 0))
  expect_true(is_of_kind(formals(compare_models)$lambda_1, compare_kinds$lambda_1))
  expect_error(asked(compare_models, quote(days), s = 1, metric = "auc"), "auc", class = "sparsekin_OptionError")
  expect_error(asked(compare_models, quote(ill), s = 1), "give family = \"binomial\"", class = "sparsekin_OptionError")
})
