# Half-samples: what R makes of them is what Python says, and what stats makes of the same numbers.

sites <- function(n = 60L) {
  set.seed(8)
  data <- data.frame(site = rep(c("A", "B", "C"), each = n), matrix(rnorm(3 * n * 12), 3 * n))
  data$y <- data$X2 - ifelse(data$site == "C", 0, 1.5) * data$X5 + rnorm(3 * n)
  data
}

test_that("features are selected where they are, and intervals cover", {
  skip_without_core()
  fit <- sparse_mtl(y ~ ., sites(), "site", s = 2, lambda_1 = 0.01, lambda_z = 0.05)
  sure <- stability(fit, pairs = 25, rng = 1)
  expect_s3_class(sure, "sparse_mtl")
  expect_identical(coef(sure), coef(fit))
  chosen <- select_features(sure)
  expect_setequal(chosen$features, c("X2", "X5"))
  expect_identical(unname(chosen$cells["X5", ]), c(TRUE, TRUE, FALSE))
  expect_identical(select_features(sure, at_least = 3)$features, "X2")
  expect_true(chosen$cutoff >= 0.5 && chosen$bound <= 0.2)
  ends <- confint(sure, c("X2", "X5"), level = 0.999)
  expect_identical(rownames(ends)[1:3], c("X2:A", "X2:B", "X2:C"))
  expect_true(all(ends[, 1] < c(1, 1, 1, -1.5, -1.5, 0) & c(1, 1, 1, -1.5, -1.5, 0) < ends[, 2]))
  found <- sure$stability
  half <- qt(0.975, found$df["X2", "B"]) * found$se["X2", "B"]
  expect_equal(unname(confint(sure, "X2")[2, ]), found$slope["X2", "B"] + c(-1, 1) * half)
  expect_equal(pvalues(sure)["X2", "B"], 2 * pt(-abs(found$slope["X2", "B"] / found$se["X2", "B"]), found$df["X2", "B"]))
  same <- heterogeneity(sure)
  expect_true(same$differs[same$term == "X5"])
  expect_gt(same$p.value[same$term == "X2"], 0.001)
  rows <- tidy(sure)
  expect_identical(rows[names(tidy(fit))], tidy(fit))
  one <- rows[rows$term == "X2" & rows$task == "B", ]
  expect_identical(one$status, "shown")
  expect_equal(c(one$conf.low, one$conf.high), unname(confint(sure, "X2")[2, ]))
  expect_true(all(is.na(rows$std.error[rows$kind != "candidate"])))
  expect_output(print(summary(sure)), "of 50 half-samples that chose the feature in any task")
  expect_identical(stability(fit, pairs = 25, rng = 1)$stability, found)
})

test_that("what is missing or out of range is said", {
  skip_without_core()
  fit <- sparse_mtl(y ~ X2 + X5 + X7, sites(), "site", s = 1)
  for (ask in list(confint, pvalues, select_features, heterogeneity)) expect_error(ask(fit), "stability(fit)", fixed = TRUE)
  expect_error(stability(fit, pairs = 5), "pairs must be one whole number of at least 10, not 5", fixed = TRUE)
  expect_error(stability(fit, B = 5), "has no argument 'B'")
  sure <- stability(fit, pairs = 10, rng = 1, groups = rep(1:90, each = 2))
  expect_error(confint(sure, "X99"), "There is no candidate 'X99'")
  expect_error(select_features(sure, at_least = 4), "1 to 3")
  expect_error(select_features(sure, fdr = 2), "fdr must be one number above 0 and of at most 1", fixed = TRUE)
})

test_that("numbers are those of Python", {
  skip_without_core()
  fit <- sparse_mtl(y ~ ., sites(), "site", s = 2, lambda_1 = 0.01, lambda_z = 0.05)
  found <- stability(fit, pairs = 15, rng = 3)
  python <- reticulate::import("sparsekin")
  frame <- sites()
  path <- tempfile(fileext = ".csv")
  write.csv(frame, path, row.names = FALSE)
  pandas <- reticulate::import("pandas")
  there <- python$SparseMTL$from_formula("y ~ .", pandas$read_csv(path), task = "site")
  sure <- there$fit(s = 2L, lambda_1 = 0.01, lambda_z = 0.05)$stability(15L, rng = 3L)
  expect_identical(unlist(sure$select()$features), select_features(found)$features)
  expect_equal(heterogeneity(found)$p.value, unlist(sure$heterogeneity()[["p_value"]]$tolist()), tolerance = 1e-6)
})

test_that("a forest shows one feature in all tasks", {
  skip_without_core()
  data <- make_studies()
  fit <- sparse_mtl(y ~ x1 + x2 + x3 + x4, data, "site", s = 2, lambda_1 = 0.01)
  expect_error(plot(fit, type = "forest", term = "x1"), "stability", class = "sparsekin_Unavailable")
  sure <- stability(fit, pairs = 10, rng = 1)
  shown <- forest_of(sure, "x1", 0.95)
  expect_equal(cbind(shown$rows$low, shown$rows$high), unname(confint(sure, "x1")))
  expect_true(min(shown$rows$slope) <= shown$middle$ends[2L] && shown$middle$ends[2L] <= max(shown$rows$slope))
  expect_match(shown$title, "x1: chosen by 100 % of half-samples; I2 = ")
  draw(sure, type = "forest", term = "x1")
  expect_error(plot(sure, type = "forest"), "term must be the name of one candidate", class = "sparsekin_OptionError")
  expect_error(plot(sure, type = "forest", term = "x11"), "Did you mean 'x1'?", fixed = TRUE)
  skip_if_not_installed("ggplot2")
  expect_s3_class(ggplot2::autoplot(sure, type = "forest", term = "x1"), "ggplot")
})

test_that("kept terms have effects by double selection, candidates intervals by the bootstrap", {
  skip_without_core()
  data <- make_studies(240L)
  data$x6 <- data$x6 + 0.7 * data$x1
  fit <- sparse_mtl(y ~ x1 + x2 + x3 + x4 + x5 + x6, data, "site", s = 1, keep = "x6")
  found <- double_selection(fit, rng = 1)
  expect_named(found, c("term", "task", "estimate", "std.error", "conf.low", "conf.high", "p.value", "controls", "estimate_fit"))
  expect_identical(found$task, c("north", "south"))
  expect_equal(found$estimate_fit, unname(coef(fit)["x6", ]))
  expect_true(all(abs(found$estimate) < 4 * found$std.error)) # x6 has no effect of its own
  ends <- confint(fit, terms = "keep", rng = 1)
  expect_identical(rownames(ends), c("x6:north", "x6:south"))
  expect_equal(unname(ends), cbind(found$conf.low, found$conf.high))
  boot <- confint(fit, "x1", method = "bootstrap", rng = 1)
  expect_true(all(boot[, 1L] < coef(fit)["x1", ] & boot[, 2L] > coef(fit)["x1", ]))
  expect_error(confint(fit, method = "double-selection"), "kept terms go with method", class = "sparsekin_OptionError")
  expect_error(confint(fit, "x1", terms = "keep"), "There is no kept term 'x1'", class = "sparsekin_OptionError")
  bare <- sparse_mtl(y ~ x1 + x2, data, "site", s = 1)
  expect_error(double_selection(bare), "No term is always in the model", class = "sparsekin_Unavailable")
})
