# Half-samples of a highly adaptive lasso and its prediction intervals: what Python says, and what stats makes of its numbers.

centres <- function(n = 90L) {
  set.seed(3)
  data <- data.frame(centre = rep(c("A", "B"), each = n), age = runif(2 * n, -2, 2), bmi = runif(2 * n, -2, 2))
  data$sex <- factor(sample(c("F", "M"), 2 * n, TRUE))
  data$ward <- factor(sample(c("u", "v"), 2 * n, TRUE))
  data$rate <- 0.8 * data$age + 0.5 * (data$sex == "M") + rnorm(2 * n, sd = 0.5)
  data
}
model <- function(data = centres(), ...) mt_hal(rate ~ h(age, k = 6) + h(bmi, k = 6) + h(ward) + sex, data, "centre", lambda = 0.08, ...)

test_that("frequencies, bands and prediction intervals are those of Python", {
  skip_without_core()
  data <- centres()
  fit <- model()
  sure <- stability(fit, pairs = 10, rng = 3)
  path <- tempfile(fileext = ".csv")
  write.csv(data, path, row.names = FALSE)
  frame <- reticulate::import("pandas")$read_csv(path)
  there <- reticulate::import("sparsekin")$MTHAL$from_formula(
    "rate ~ h(age, k = 6) + h(bmi, k = 6) + h(ward) + sex", frame, task = "centre"
  )$fit(0.08)
  told <- there$stability(10L, rng = 3L)
  values <- function(frame) do.call(rbind, lapply(frame$to_numpy(dtype = "float64")$tolist(), unlist))
  expect_equal(unname(sure$stability$frequency), values(told$frequency), tolerance = 1e-10)
  expect_equal(unname(sure$stability$variable_frequency), values(told$variable_frequency), tolerance = 1e-10)
  expect_identical(rownames(sure$stability$frequency), sub("\\[T?.?(.*)\\]", "\\1", unlist(told$frequency$index$tolist())))
  shown <- band(sure, "age", level = 0.9)
  their <- values(told$band("age", level = 0.9))
  expect_equal(shown$value[1:61], unlist(told$band("age")$index$tolist()), tolerance = 1e-12)
  for (k in 1:2) {
    expect_equal(unname(as.matrix(shown[shown$task == c("A", "B")[k], 4:6])), their[, 3 * k - 2:0], tolerance = 1e-10)
  }
  new <- data[c(5, 100, 17), ]
  path <- tempfile(fileext = ".csv")
  write.csv(new, path, row.names = FALSE)
  for (retune in c(FALSE, TRUE)) {
    ends <- predict(fit, new, interval = "prediction", level = 0.8, retune = retune)
    expect_identical(dimnames(ends), list(rownames(new), c("fit", "lwr", "upr")))
    expect_equal(ends[, "fit"], predict(fit, new))
    their <- there$predict(reticulate::import("pandas")$read_csv(path), interval = "prediction", level = 0.8, retune = retune)
    expect_equal(unname(ends), values(their), tolerance = 1e-10)
  }
})

test_that("halves stand in tables, pictures and print", {
  skip_without_core()
  fit <- model()
  expect_output(print(summary(fit)), "stability(fit) has curves with bands", fixed = TRUE)
  sure <- stability(fit, pairs = 10, rng = 1)
  expect_s3_class(sure, "mt_hal")
  expect_identical(coef(sure), coef(fit))
  expect_identical(unname(sure$stability$frequency["age", ]), c(1, 1, 1))
  rows <- tidy(sure)
  expect_identical(rows[names(tidy(fit))], tidy(fit))
  expect_true(all(rows$frequency[rows$section == "age"] == 1 & rows$frequency_any[rows$section == "age"] == 1))
  expect_true(all(is.na(rows$frequency[rows$kind != "function"])))
  text <- capture.output(print(summary(sure)))
  expect_match(text, "of 20 half-samples that chose a function of the set in any task", fixed = TRUE, all = FALSE)
  expect_false(any(grepl("No standard errors", text, fixed = TRUE)))
  shown <- band(sure, "age", level = 0.99)
  expect_named(shown, c("variable", "task", "value", "estimate", "conf.low", "conf.high"))
  expect_equal((shown$conf.low + shown$conf.high) / 2, shown$estimate)
  truth <- 0.8 * (shown$value - mean(centres()$age))
  expect_gt(mean(shown$conf.low < truth & truth < shown$conf.high), 0.9)
  expect_identical(stability(fit, pairs = 10, rng = 1)$stability, sure$stability)
  set.seed(5)
  one <- stability(fit, pairs = 10)
  set.seed(5)
  expect_identical(stability(fit, pairs = 10)$stability, one$stability)
  expect_identical(frequency(sure), sure$stability$frequency)
  expect_error(frequency(fit), "ask stability(fit) first", fixed = TRUE, class = "sparsekin_Unavailable")
  expect_output(print(sure), "With 20 half-samples", fixed = TRUE)
  expect_false(any(grepl("half-samples", capture.output(print(fit)))))
  for (verb in list(confint, vcov, pvalues)) {
    expect_error(verb(sure), "Honest ways: band() and plot() of the half-samples that this fit has", fixed = TRUE, class = "sparsekin_Unavailable")
  }
  shares <- hal_frequency_of(sure)
  expect_identical(colnames(shares$values), c("any task", "A", "B"))
  expect_identical(unname(shares$values), unname(sure$stability$frequency))
  expect_silent(draw(sure, type = "frequency"))
  expect_error(plot(fit, type = "frequency"), "needs half-samples", class = "sparsekin_Unavailable")
  draw(sure, "age")
  bands <- bands_of(sure, c("age", "bmi"), 0.95)
  expect_identical(bands[bands$variable == "age", ], band(sure, "age"), ignore_attr = TRUE)
  skip_if_not_installed("ggplot2")
  expect_s3_class(ggplot2::autoplot(sure, type = "frequency"), "ggplot")
  built <- ggplot2::ggplot_build(ggplot2::autoplot(sure, "age"))
  ribbon <- Filter(function(layer) "ymin" %in% names(layer), built$data)[[1L]]
  expect_equal(range(ribbon$ymin, ribbon$ymax), range(band(sure, "age")[5:6]))
})

test_that("what cannot be told is said", {
  skip_without_core()
  fit <- model()
  expect_error(band(fit, "age"), "ask stability(fit) first", fixed = TRUE, class = "sparsekin_Unavailable")
  expect_error(pvalues(fit), "band() and plot() of that", fixed = TRUE, class = "sparsekin_Unavailable")
  expect_error(stability(fit, pairs = 5), "pairs must be one whole number of at least 10, not 5", fixed = TRUE)
  expect_error(stability(fit, retune = TRUE), "has no argument 'retune'")
  sure <- stability(model(adapt = NULL), pairs = 10, rng = 1, groups = rep(1:60, 3))
  expect_identical(sure$stability$se_kind, "halves, by group")
  expect_error(band(sure, "agee"), "Did you mean 'age'?", fixed = TRUE)
  high <- mt_hal(rate ~ h(age, k = 6) + h(bmi, k = 6), centres(), "centre", lambda = 100)
  none <- stability(high, pairs = 10, rng = 1)
  expect_output(print(summary(none)), "None of 20 half-samples chose a function.", fixed = TRUE)
  expect_error(band(none, "bmi"), "fewer than 10 half-samples chose a main effect of 'bmi'", class = "sparsekin_Unavailable")
  draw(none)
  expect_identical(nrow(frequency(none)), 0L)
  draw(none, type = "frequency")
  new <- centres()[1:3, ]
  expect_error(predict(fit, interval = "prediction"), "Give newdata", class = "sparsekin_DataError")
  expect_error(predict(fit, new, how = "mean", interval = "prediction"), "how = \"task\"", fixed = TRUE)
  expect_error(predict(model(relaxed = TRUE), new, interval = "prediction"), "ask the fit that was relaxed")
  expect_true(all(is.na(predict(fit, transform(new, age = NA_real_), interval = "prediction"))))
  expect_error(predict(fit, new, retune = TRUE), "interval = \"prediction\"", fixed = TRUE, class = "sparsekin_OptionError")
})

test_that("outcomes of one design have bands and intervals each", {
  skip_without_core()
  data <- centres()
  data$other <- -data$rate
  fit <- mt_hal(cbind(rate, other) ~ h(age, k = 4), data, lambda = 0.1)
  shown <- band(stability(fit, pairs = 10, rng = 0), "age")
  expect_equal(shown$estimate[shown$task == "rate"], -shown$estimate[shown$task == "other"], tolerance = 1e-10)
  ends <- predict(fit, data[1:4, ], interval = "prediction")
  expect_identical(dim(ends), c(4L, 3L, 2L))
  expect_true(all(ends[, "lwr", ] < ends[, "fit", ] & ends[, "fit", ] < ends[, "upr", ]))
})

test_that("CV+ of lines tunes anew on request", {
  skip_without_core()
  data <- make_studies()
  fit <- sparse_mtl(y ~ x1 + x2 + x3 + x4, data, "site", s = 4)
  new <- make_studies(6L, seed = 2L)
  given <- predict(fit, new, interval = "prediction", level = 0.8)
  tuned <- predict(fit, new, interval = "prediction", level = 0.8, retune = TRUE)
  expect_identical(tuned[, "fit"], given[, "fit"])
  other <- sparse_mtl(y ~ x1 + x2 + x3 + x4, data, "site", s = 1)
  expect_warning(
    apart <- predict(other, new, interval = "prediction", level = 0.8, retune = TRUE), "2 of 6 points lie outside their interval"
  )
  expect_equal(apart[, -1L], tuned[, -1L])
  expect_error(predict(fit, new, how = "mean", interval = "prediction", retune = TRUE), "how = \"task\"", fixed = TRUE)
  expect_error(predict(fit, new, retune = TRUE), "interval = \"prediction\"", fixed = TRUE, class = "sparsekin_OptionError")
  none <- sparse_mtl(y ~ x1 + x2 + x3 + x4, data, "site", s = 0)
  expect_warning(
    predict(none, make_studies(60L, seed = 2L), interval = "prediction", level = 0.2, retune = TRUE),
    "points lie outside their interval", class = "sparsekin_DataWarning"
  )
})
