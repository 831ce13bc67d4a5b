# Knockoffs, alternatives, one split and draws from a fit: the numbers of Python, or those of base R.

lab <- function(n = 150L) {
  set.seed(6)
  data <- data.frame(site = rep(c("A", "B"), each = n), matrix(rnorm(2 * n * 8), 2 * n))
  data$y <- rowSums(data[2:7]) + rnorm(2 * n)
  data
}

of_lab <- function(data) {
  path <- tempfile(fileext = ".csv")
  write.csv(data, path, row.names = FALSE)
  reticulate::import("sparsekin")$SparseMTL$from_formula("y ~ X1 + X2 + X3 + X4 + X5 + X6 + X7 + X8", reticulate::import("pandas")$read_csv(path), task = "site")
}

test_that("knockoffs are those of Python, of a formula and of a fit", {
  skip_without_core()
  data <- lab()
  found <- knockoffs(y ~ ., data, task = site, draws = 4, rng = 2)
  there <- of_lab(data)$knockoffs(draws = 4L, rng = 2L)
  expect_identical(found$features, unlist(there$features))
  expect_equal(as.vector(t(found$share)), as.vector(unlist(there$share$to_numpy()$ravel()$tolist())), tolerance = 1e-12)
  expect_equal(as.vector(t(found$e_value)), as.vector(unlist(there$e_value$to_numpy()$ravel()$tolist())), tolerance = 1e-12)
  fit <- sparse_mtl(y ~ ., data, "site", s = 3)
  again <- knockoffs(fit, draws = 4, rng = 2)
  expect_identical(again$cells, found$cells)
  expect_identical(tidy(found)$term, unlist(there$tidy()[["term"]]$tolist()))
  expect_identical(nobs(found), 300L)
  expect_output(print(found), "4 draws of knockoffs")
  expect_silent(draw(found))
  expect_true(all(knockoffs(fit, at_least = 2, draws = 4, rng = 2)$features %in% found$features))
  counts <- transform(data, n = rpois(300, 2))
  expect_error(knockoffs(sparse_mtl(n ~ X1 + X2, counts, "site", s = 1, family = "poisson")), "gaussian", class = "sparsekin_OptionError")
  expect_error(knockoffs(y ~ ., data, "site", fdr = 0.01), "fdr = 0.01 cannot be met", class = "sparsekin_OptionError")
  expect_error(knockoffs(y ~ ., data[c(1:15, 151:200), ], "site"), "Task 'A' has 15 complete rows", class = "sparsekin_DataError")
  expect_error(knockoffs(fit, draws = 0), "draws must be one whole number of at least 1", fixed = TRUE)
})

test_that("alternatives are those of Python", {
  skip_without_core()
  data <- lab(40L)
  fit <- sparse_mtl(y ~ ., data, "site", s = 2, lambda_1 = 0.1, lambda_z = 0.05)
  there <- of_lab(data)$fit(s = 2L, lambda_1 = 0.1, lambda_z = 0.05)
  found <- alternatives(fit, m = 3)
  wanted <- there$alternatives(3L)
  expect_identical(attr(found, "status"), "proven")
  expect_equal(found$objective, unlist(wanted[["objective"]]$tolist()), tolerance = 1e-10)
  expect_identical(found$enters, unlist(wanted[["enters"]]$tolist()))
  cells <- alternatives(fit, within = 6)
  wanted <- there$alternatives(within = 6)
  expect_identical(names(cells), c("term", "task", "coef", "low", "high", "verdict", "price", "distance", "at_least", "rival", "gap", "proven"))
  for (name in c("coef", "low", "high", "price", "distance")) expect_equal(cells[[name]], unlist(wanted[[name]]$tolist()), tolerance = 1e-10)
  expect_identical(cells$verdict, unlist(wanted[["verdict"]]$tolist()))
  expect_identical(attr(cells, "within"), 6)
  expect_error(alternatives(fit, within = -1), "within must be one number above 0", class = "sparsekin_OptionError")
})

test_that("selections, one split and the rates of cells are those of Python", {
  skip_without_core()
  data <- lab(60L)
  data$y <- data$X1 - data$X2 + data$y / 4
  sure <- stability(sparse_mtl(y ~ ., data, "site", s = 2, lambda_1 = 0.01, lambda_z = 0.05), pairs = 25, rng = 3)
  there <- of_lab(data)$fit(s = 2L, lambda_1 = 0.01, lambda_z = 0.05)$stability(25L, rng = 3L)
  numbers <- function(frame) unlist(frame$to_numpy()$ravel()$tolist())
  for (gate in c(TRUE, FALSE)) for (at_least in 1:2) for (fdr in c(0.1, 0.4)) {
    found <- select_features(sure, fdr, at_least, gate)
    wanted <- there$select(fdr, at_least, gate = gate)
    expect_identical(found$features, as.character(unlist(wanted$features)))
    expect_equal(found$table$p.adjusted, unlist(wanted$table[["p_adjusted"]]$tolist()), tolerance = 1e-10)
    expect_equal(found$bound, wanted$bound, tolerance = 1e-10)
    expect_identical(found$note, wanted$note)
  }
  for (method in c("halves", "split")) {
    ends <- numbers(there$conf_int(0.9, method))
    own <- confint(sure, rownames(sure$support), level = 0.9, method = method)
    expect_equal(as.vector(t(own)), ends, tolerance = 1e-10)
  }
  expect_error(confint(sure, method = "split", level = 1), "between 0 and 1", class = "sparsekin_OptionError")
  expect_error(confint(sparse_mtl(y ~ X1, data, "site", s = 1), method = "split"), "stability(fit)", fixed = TRUE)
  grouped <- stability(sparse_mtl(y ~ ., data, "site", s = 2), pairs = 10, rng = 1, groups = rep(1:60, each = 2))
  expect_true("halves, by group" %in% tidy(grouped)$se_kind)
  shown <- frequency_of(sure, 60L)
  expect_equal(shown$values[, "any task"], sort(sure$stability$frequency_any[sure$stability$frequency_any > 0], decreasing = TRUE))
  cells <- select_features(sure)$cells
  expect_gt(sum(cells), 0)
  expect_identical(shown$shown[rownames(cells), -1L], cells)
  expect_silent(draw(sure, type = "frequency"))
  expect_silent(draw(sure, type = "frequency", max_features = 2))
  expect_error(plot(sparse_mtl(y ~ X1, data, "site", s = 1), type = "frequency"), "half-samples", class = "sparsekin_Unavailable")
  skip_if_not_installed("ggplot2")
  drawn_on(7, 5, function() expect_silent(print(ggplot2::autoplot(sure, type = "frequency"))))
})

test_that("outcomes are drawn as simulate() of lm() and glm() draws them", {
  skip_without_core()
  data <- lab(40L)
  data$y[3L] <- NA
  data$w <- rep(c(1, 4), 40)
  fit <- sparse_mtl(y ~ X1 + X2, data, s = 2, lambda_1 = 0, weights = w, na.action = na.exclude)
  peer <- lm(y ~ X1 + X2, data, weights = w)
  drawn <- simulate(fit, 2, seed = 5)
  expect_equal(as.matrix(drawn)[-3L, ], as.matrix(simulate(peer, 2, seed = 5)), ignore_attr = TRUE, tolerance = 1e-8)
  expect_true(all(is.na(drawn[3L, ])))
  expect_identical(nrow(drawn), 80L)
  expect_identical(as.vector(attr(drawn, "seed")), 5)
  data <- data[-3L, ]
  data$n <- rpois(79, exp(0.3 * data$X1))
  counts <- sparse_mtl(n ~ X1, data, s = 1, lambda_1 = 0, family = "poisson")
  expect_equal(simulate(counts, 3, seed = 1), simulate(glm(n ~ X1, poisson, data), 3, seed = 1), ignore_attr = TRUE)
  data$state <- factor(ifelse(runif(79) < plogis(data$X1), "ill", "well"), c("well", "ill"))
  named <- sparse_mtl(state ~ X1, data, "site", s = 1, family = "binomial")
  expect_identical(levels(simulate(named, seed = 1)$sim_1), c("well", "ill"))
  data$trials <- 5
  data$events <- rbinom(79, 5, 0.4)
  shares <- sparse_mtl(cbind(events, trials - events) ~ X1, data, "site", s = 1, family = "binomial")
  expect_identical(rowSums(simulate(shares, seed = 1)$sim_1), rep(5, 79))
  both <- simulate(sparse_mtl(cbind(y, X8) ~ X1 + X2, data, s = 1), seed = 1)$sim_1
  expect_identical(dim(both), c(79L, 2L))
  hal <- mt_hal(y ~ h(X1), data, "site", lambda = 0.1)
  many <- sapply(simulate(hal, 400, seed = 1), function(draw) draw[data$site == "A"] - fitted(hal)[data$site == "A"])
  expect_equal(sd(many), hal$task_fit["A", "rmse"], tolerance = 0.05)
  set.seed(9)
  first <- runif(1)
  set.seed(9)
  simulate(hal, seed = 3)
  expect_identical(runif(1), first)
})

test_that("tables for other packages have intervals where there are such", {
  skip_without_core()
  data <- lab(40L)
  fit <- sparse_mtl(y ~ X1 + X2, data, "site", s = 1)
  expect_warning(blank <- tidy(fit, conf.int = TRUE), "conf.low and conf.high are NA", class = "sparsekin_warning")
  expect_true(all(is.na(blank$conf.low)))
  sure <- stability(fit, pairs = 10, rng = 1)
  wide <- tidy(sure, conf.int = TRUE, conf.level = 0.99)
  wide <- wide[wide$kind == "candidate", ]
  ends <- confint(sure, unique(wide$term), level = 0.99)
  expect_equal(cbind(wide$conf.low, wide$conf.high), unname(ends))
  expect_identical(rownames(ends), paste(wide$term, wide$task, sep = ":"))
  expect_false("conf.low" %in% names(tidy(sure, conf.int = FALSE)))
  expect_error(tidy(sure, conf.level = 1), "between 0 and 1", class = "sparsekin_OptionError")
  expect_warning(tidy(mt_hal(y ~ h(X1), data, "site", lambda = 0.2), conf.int = TRUE), "conf.low and conf.high are NA")
  forms <- quiet_heywood(mixed_forms(y + X8 ~ X1 + X2 + X3, data, "site", d = 1))
  expect_named(suppressWarnings(tidy(forms, conf.int = TRUE)), c("block", "term", "factor", "estimate", "conf.low", "conf.high"))
})

test_that("arguments that come through the dots of a function are read as they were written", {
  skip_without_core()
  cars <- transform(mtcars, w = wt)
  inner <- function(...) sparse_mtl(mpg ~ hp + qsec, ..., s = 1)
  outer <- function(...) inner(...)
  expect_identical(coef(inner(cars, task = am)), coef(sparse_mtl(mpg ~ hp + qsec, cars, "am", s = 1)))
  local({
    light <- cars$wt
    label <- "am"
    fit <- outer(data = cars, weights = light * 2, task = label, subset = light > 2)
    expect_equal(sum(weights(fit)), 2 * sum(light[light > 2]))
    expect_identical(fit$call$task, quote(label))
  })
  expect_identical(weights(outer(cars, weights = w)), weights(inner(cars, weights = "w")))
})

test_that("calls that hold their data are printed short", {
  skip_without_core()
  fit <- do.call(sparse_mtl, list(mpg ~ wt + hp, data = mtcars, task = "am", s = 1, weights = mtcars$wt))
  shown <- utils::capture.output(print(fit))
  expect_identical(shown[2L], "sparse_mtl(formula = mpg ~ wt + hp, data = <data frame of 32 rows>, ")
  expect_match(shown[3L], "weights = <32 values>)", fixed = TRUE)
  expect_equal(coef(update(fit)), coef(fit))
})

test_that("a setting of a path is asked for, or that with the least extended BIC", {
  skip_without_core()
  path <- path_sparse_mtl(mpg ~ wt + hp, mtcars, "am", s = 1:2, lambda_z = 0)
  expect_identical(coef(path), coef(path, which.min(path$table$ebic)))
  expect_equal(predict(path, mtcars), predict(path, mtcars, at = "ebic"))
  curves <- path_mt_hal(mpg ~ h(wt), mtcars, "am", n_lambda = 3)
  for (ask in list(coef, refit, function(x) predict(x, mtcars))) {
    expect_error(ask(curves), "at must be one row of the table of the path, 1 to 3; cv_mt_hal() chooses a lambda.", fixed = TRUE)
  }
})
