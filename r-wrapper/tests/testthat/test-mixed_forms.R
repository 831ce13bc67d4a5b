# Two factors: K behind x (and a factor), H by site; three responses follow their sum. Some cells are missing.
make_forms <- function(n = 150L, seed = 1L) {
  set.seed(seed)
  site <- sample(c("north", "south", "west"), n, TRUE)
  K <- matrix(rnorm(2 * n), n)
  H <- cbind(c(north = 1, south = 0, west = -1)[site], c(north = -1, south = 0.5, west = 0)[site])
  noise <- function(p) matrix(rnorm(n * p, sd = 0.3), n)
  data <- data.frame(site, y = (K + H) %*% matrix(rnorm(6), 2) + noise(3), x = K %*% matrix(rnorm(10), 2) + noise(5))
  rownames(data) <- paste0("row", seq_len(n))
  data$group <- ifelse(K[, 1] > 0.3, "hi", ifelse(K[, 1] < -0.5, "lo", "mid"))
  data$y.1[1:9] <- NA
  data$x.2[c(3, 50)] <- NA
  data$group[7] <- NA
  data
}

forms_formulas <- list(
  list(y.1 + y.2 + y.3 ~ ., "site", ~1),
  list(y.1 + y.2 ~ x.1 + x.2 + x.3, "site", ~ 1 + x.4),
  list(cbind(y.1, y.2) ~ x.1 + poly(x.3, 2) | x.4 + x.5 + group, NULL, ~1),
  list(y.1 + y.2 ~ x.1 + x.2 + x.3 + x.4, NULL, ~1),
  list(log(y.2 + 20) + y.3 ~ group * x.1 + splines::ns(x.3, 3) | 0 + site, NULL, ~1),
  list(y.1 ~ `odd name` + x.1 + x.2, "site", ~ 0 + x.4)
)

for (case in forms_formulas) {
  test_that(paste("tables are made again from new data:", deparse1(case[[1]])), {
    skip_without_core()
    data <- make_forms()
    data$`odd name` <- data$x.3^2
    if (is.null(case[[2]])) data$site[5] <- NA
    fit <- suppressWarnings(  # of one response codes may follow it: a Heywood case
      mixed_forms(case[[1]], data, case[[2]], d = if (is.null(case[[2]])) 2 else 1, random = case[[3]])
    )
    expect_equal(predict(fit, data), predict(fit), tolerance = 1e-10)
    some <- c(17L, 3L, 99L)
    expect_equal(predict(fit, data[some, ]), predict(fit)[some, , drop = FALSE], tolerance = 1e-10)
    expect_equal(translate(fit, data, from = "y", to = "x"), translate(fit, from = "y", to = "x"), tolerance = 1e-10)
    if (nrow(coef(fit)$z)) expect_equal(translate(fit, data, "z"), translate(fit, from = "z"), tolerance = 1e-10)
    expect_equal(predict(fit, data, "codes"), predict(fit, type = "codes"), tolerance = 1e-3)
    expect_identical(dim(fitted(fit) + residuals(fit)), dim(fit$design$tables$y))
    expect_equal(unname(fitted(fit) + residuals(fit)), unname(fit$design$tables$y), ignore_attr = TRUE)
  })
}

test_that("new rows may lack the task, know another one, or miss cells", {
  skip_without_core()
  data <- make_forms()
  fit <- mixed_forms(y.1 + y.2 + y.3 ~ x.1 + x.2 + x.3, data, "site", d = 2)
  plain <- predict(fit, data[c("x.1", "x.2", "x.3")])
  expect_equal(predict(fit, transform(data, site = "east")), plain)
  expect_equal(translate(fit, transform(data, site = "east"), "x", "y"), translate(fit, from = "x", to = "y"), tolerance = 1e-10)
  expect_false(isTRUE(all.equal(predict(fit, data), plain)))
  expect_false(anyNA(plain))
  known <- transform(data, x.3 = NA, group = NA)
  expect_equal(
    predict(fit, known), predict(fit, transform(data, x.3 = NA_real_)), tolerance = 1e-12
  )
  by_group <- mixed_forms(y.1 + y.2 ~ x.1 + group, data, "site", d = 2)
  expect_equal(predict(by_group, known), predict(by_group, transform(data, group = NA_character_)), tolerance = 1e-12)
  expect_error(predict(fit, data["x.1"]), "lack columns the model was fitted with: 'x.2', 'x.3'", fixed = TRUE)
})

test_that("a task without responses is at population level, constant columns weigh nothing, and plots split by prediction", {
  skip_without_core()
  data <- make_forms()
  quiet <- data
  quiet[quiet$site == "west", c("y.1", "y.2", "y.3")] <- NA
  fit <- suppressWarnings(mixed_forms(y.1 + y.2 + y.3 ~ x.1 + x.2 + x.3, quiet, "site", d = 2))
  west <- subset(data, site == "west")
  expect_equal(predict(fit, west), predict(fit, transform(west, site = "east")), tolerance = 1e-12)
  expect_equal(unname(fit$task_shifts["west", ]), c(0, 0, 0))
  middle <- as.data.frame(t(colMeans(data[c("x.1", "x.3")])))
  full <- suppressWarnings(mixed_forms(y.1 + y.2 + y.3 ~ x.1 + x.3, data, "site", d = 2))
  there <- predict(full, data.frame(middle, site = "north")) - predict(full, middle)
  expect_equal(full$task_shifts["north", ], there[1, ], tolerance = 1e-8)
  flat <- suppressWarnings(mixed_forms(y.1 + y.2 + y.3 ~ x.1 + flat + x.3, transform(data, flat = 1), "site", d = 2))
  expect_equal(predict(flat), predict(full), tolerance = 1e-10)
  known <- translate(full, data[c("x.1", "x.3")], "x", "y")
  shown <- full$codes_split$fixed %*% t(coef(full)$y)
  expect_equal(unname(sweep(sweep(shown, 2, full$scale$y, `*`), 2, full$center$y, `+`)), unname(known), tolerance = 1e-8)
  expect_error(
    mixed_forms(ill ~ x.1 + x.3, transform(data, ill = x.1 > 0), d = 1), "holds true and false",
    class = "sparsekin_DataError"
  )
})

test_that("imputed cells are those that were missing", {
  skip_without_core()
  data <- make_forms()
  fit <- mixed_forms(y.1 + y.2 + y.3 ~ x.1 + x.2 + x.3 + x.4 + x.5, data, "site", d = 2)
  filled <- impute(fit)
  expect_identical(names(filled), c("y", "x", "z"))
  expect_identical(filled$y[-(1:9), "y.1"], stats::setNames(data$y.1[-(1:9)], rownames(data)[-(1:9)]))
  expect_false(anyNA(filled$y) || anyNA(filled$x))
  expect_gt(cor(filled$y[1:9, "y.1"], fitted(fit)[1:9, "y.1"]), 0.5)
})

test_that("formulas and options that cannot be used say why in the user's words", {
  data <- make_forms()
  refuses <- function(message, ..., class = "sparsekin_error") {
    expect_error(mixed_forms(..., data = data), message, class = class, fixed = TRUE)
  }
  refuses("must be two-sided", ~ x.1, d = 1, class = "sparsekin_FormulaError")
  refuses("The formula names 'x.9', which the data do not have. Did you mean 'x.1'?", y.1 ~ x.9, d = 1)
  refuses("names no column of X", y.1 ~ 1 | x.1, d = 1, class = "sparsekin_FormulaError")
  refuses("names no column of Z", y.1 ~ x.1 | 1, d = 1, class = "sparsekin_FormulaError")
  refuses("Outcome 'group' is not numeric", group ~ x.1, d = 1, class = "sparsekin_DataError")
  refuses("random must be a one-sided formula", y.1 ~ x.1, task = "site", random = "1", d = 1)
  refuses("task names column 'sites'", y.1 ~ x.1, task = "sites", d = 1)
  skip_without_core()
  refuses("set d to 3 or lower", y.1 ~ x.1, task = "site", d = 9, class = "sparsekin_DataError")
  refuses("d must be one whole number of at least 1, not 0", y.1 ~ x.1, task = "site", d = 0, class = "sparsekin_OptionError")
  refuses("contradict each other", y.1 ~ x.1, task = "site", d = 1, l1 = 1, orthogonal = TRUE)
  fit <- mixed_forms(y.1 + y.2 ~ x.1 + x.2, data, d = 1)
  expect_error(translate(fit, from = "z", to = "y"), "no table \"z\"", class = "sparsekin_OptionError")
  expect_error(translate(fit, from = "y", to = "y"), "name two tables", class = "sparsekin_OptionError")
  expect_error(draw(fit, "loadings", block = "z"), "no table \"z\" to plot", class = "sparsekin_DataError")
  expect_error(draw(fit, "codes", factors = 3:4), "factors must be two of 1 to 1", class = "sparsekin_OptionError")
  for (statistic in list(vcov, pvalues)) expect_error(statistic(fit), "arbitrary", class = "sparsekin_Unavailable")
})

test_that("a fit survives saveRDS and predicts where there is no Python", {
  skip_without_core()
  data <- make_forms()
  fit <- mixed_forms(y.1 + y.2 + y.3 ~ . , data, "site", d = 2)
  found <- without_python(fit, data)
  expect_equal(found[[1]], predict(fit), tolerance = 1e-12)
  expect_equal(found[[2]], tidy(fit))
  expect_identical(found[[3]], c(FALSE, FALSE))
})

test_that("tables have broom's columns, and print what was found", {
  skip_without_core()
  data <- make_forms()
  fit <- mixed_forms(y.1 + y.2 + y.3 ~ x.1 + x.2 + x.3, data, "site", d = 2)
  expect_named(tidy(fit), c("block", "term", "factor", "estimate"))
  expect_identical(tidy(fit)$estimate, unlist(lapply(coef(fit), as.vector), use.names = FALSE))
  expect_identical(rownames(coef(fit)$z), c("sitenorth", "sitesouth", "sitewest"))
  expect_identical(glance(fit)$d, 2L)
  more <- augment(fit, data)
  expect_identical(more[names(data)], data)
  expect_equal(more$.fitted_y.2 + more$.resid_y.2, data$y.2)
  shares <- fit$variance_explained
  expect_equal(rowSums(shares[c("fixed", "random", "residual")]), c(y = 1, x = 1, z = 1), tolerance = 1e-9)
  parts <- fit$implied_covariance
  expect_equal(parts$fixed + parts$random + parts$residual, parts$total)
  means <- rowsum(fitted(fit), data$site) / as.vector(table(data$site))
  expect_identical(dim(fit$task_shifts), dim(means))
  shown <- capture.output(print(summary(fit)))
  expect_match(shown, "150 rows; 3 Y + 3 X + 3 Z columns, 11 cells missing; d = 2", all = FALSE, fixed = TRUE)
  expect_match(shown, "Shift by site:", all = FALSE)
  expect_output(print(fit), "Variance explained")
  expect_identical(nobs(fit), 150L)
})

test_that("d is chosen on held-out cells, and set.seed() governs the folds", {
  skip_without_core()
  data <- make_forms()
  choose <- function(...) cv_mixed_forms(y.1 + y.2 + y.3 ~ x.1 + x.2 + x.3 + x.4, data, "site", d = 1:3, folds = 3, ...)
  set.seed(2)
  cv <- choose()
  set.seed(2)
  expect_identical(choose()$table, cv$table)
  fit <- refit(cv, "best")
  again <- mixed_forms(y.1 + y.2 + y.3 ~ x.1 + x.2 + x.3 + x.4, data, "site", d = cv$best)
  expect_equal(coef(fit), coef(again))
  expect_named(tidy(cv), c("d", "estimate", "std.error", "conf.low", "conf.high"))
  expect_output(print(cv), "held-out standardised cells: 3 folds")
  expect_error(refit(cv, "both"), "not one of", class = "sparsekin_OptionError")
})

test_that("intervals hold the estimates of well determined loadings", {
  skip_without_core()
  fit <- mixed_forms(y.1 + y.2 + y.3 ~ x.1 + x.2 + x.3, make_forms(), "site", d = 1)
  found <- confint(fit, "y", n = 30, rng = 1)
  expect_identical(unique(found$block), "y")
  expect_true(all(found$conf.low < found$estimate & found$estimate < found$conf.high))
  expect_identical(confint(fit, "y", n = 30, rng = 1), found)
})

test_that("everything can be drawn", {
  skip_without_core()
  data <- make_forms()
  fit <- mixed_forms(y.1 + y.2 ~ x.1 + x.2 + x.3, data, "site", d = 2)
  one <- mixed_forms(y.1 + y.2 ~ x.1 + x.2 + x.3, data, d = 1)
  cv <- cv_mixed_forms(y.1 + y.2 ~ x.1 + x.2 + x.3, data, "site", d = 1:2, folds = 2, rng = 1)
  for (what in c("variance", "loadings", "codes", "trace")) {
    draw(fit, what)
    draw(one, what)
  }
  draw(cv)
  draw(fit, "codes", part = "random", factors = 2:1)
  skip_if_not_installed("ggplot2")
  for (what in c("variance", "loadings", "codes", "trace")) {
    expect_gt(nrow(ggplot2::ggplot_build(ggplot2::autoplot(fit, what))$data[[1]]), 0)
  }
  expect_gt(nrow(ggplot2::ggplot_build(ggplot2::autoplot(cv))$data[[1]]), 0)
})

test_that("maximum likelihood has a variance for each column, and R decodes with them", {
  skip_without_core()
  data <- make_forms()
  fit <- mixed_forms(y.1 + y.2 + y.3 ~ x.1 + x.2 + x.3 + x.4, data, "site", d = 2, algorithm = "em")
  expect_length(unlist(fit$column_noise), 10)
  expect_equal(predict(fit, data), predict(fit), tolerance = 1e-10)
  expect_equal(predict(fit, data, "codes"), predict(fit, type = "codes"), tolerance = 1e-6)
  expect_output(print(summary(fit)), "em, ridge 1")
  cv <- cv_mixed_forms(
    y.1 + y.2 + y.3 ~ x.1 + x.2 + x.3, data, "site", d = 1:2, algorithm = "em", target = "y", folds = 2, rng = 1
  )
  expect_output(print(cv), "standardised Y of held-out rows: 2 folds")
  expect_identical(refit(cv)$options$algorithm, "em")
  expect_error(
    mixed_forms(y.1 ~ x.1, data, "site", d = 1, algorithm = "em", l1 = 1), "em", class = "sparsekin_OptionError"
  )
})
