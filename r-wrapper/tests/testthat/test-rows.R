# Rows pair by their names where both sides have any.

people <- function() {
  data <- make_studies(80L)
  row.names(data) <- paste0("p", seq_len(80L))
  data
}

in_order <- function(call, values, rows) {
  named <- stats::setNames(values, rows)
  expect_equal(call(named), call(values))
  expect_error(call(sort_by_name(named)), "are in different orders: row 2 is", class = "sparsekin_DataError")
  other <- stats::setNames(values, c("q", rows[-1L]))
  expect_error(call(other), "have different names: row 1 is 'q' in", class = "sparsekin_DataError")
  expect_equal(call(stats::setNames(values, rep(c("a", "b"), 40L))), call(values))
}

sort_by_name <- function(named) named[order(names(named))]

test_that("vectors whose names are row names in another order are refused", {
  skip_without_core()
  data <- people()
  plain <- `rownames<-`(data, NULL)
  w <- data$w
  patients <- rep(1:20, 4L)
  folds <- rep(1:4, 20L)
  fit <- sparse_mtl(y ~ x1 + x2, data, "site", s = 1)
  hal <- mt_hal(y ~ h(x1), data, "site", lambda = 0.1)
  for (used in list(data, plain)) {
    rows <- row.names(used)
    in_order(function(v) coef(sparse_mtl(y ~ x1 + x2, used, "site", s = 1, weights = v)), w, rows)
    in_order(function(v) coef(mt_hal(y ~ h(x1), used, "site", lambda = 0.1, weights = v)), w, rows)
    in_order(function(v) cv_sparse_mtl(y ~ x1, used, s = 1, lambda_z = 0, folds = v, lambda_1 = 0, lambda_2 = 0)$table$mean, folds, rows)
    cv <- function(v) cv_sparse_mtl(y ~ x1, used, s = 1, lambda_z = 0, folds = 4, groups = v, rng = 1, lambda_1 = 0, lambda_2 = 0)$folds
    in_order(cv, patients, rows)
    cv <- function(v) cv_mt_hal(y ~ h(x1), used, lambda = 0.1, folds = 4, groups = v, rng = 1)$folds
    in_order(cv, patients, rows)
    in_order(function(v) unname(predict(fit, used, task = v)), data$site, rows)
    in_order(function(v) unname(predict(hal, used, task = v)), data$site, rows)
    in_order(function(v) unname(coef(sparse_mtl(y ~ v, used, s = 1))), data$x1, rows)
  }
})

test_that("the right answer is that of lm() on the rows by name", {
  skip_without_core()
  data <- people()
  weight <- stats::setNames(data$w, row.names(data))
  expected <- coef(lm(y ~ x1 + x2, data, weights = weight))
  fit <- sparse_mtl(y ~ x1 + x2, data, s = 2, weights = sort_by_name(weight)[row.names(data)])
  expect_equal(coef(fit)[, 1L], expected, ignore_attr = "names")
})

test_that("augment() refuses rows that are not those of the fit", {
  skip_without_core()
  data <- people()
  data$answer <- ifelse(data$y > 0, "yes", "no")
  data$x1[3L] <- NA
  fits <- list(
    sparse_mtl(y ~ x1 + group, data, "site", s = 1, missing = "drop"),
    sparse_mtl(cbind(y, w) ~ x1 + x2, data, s = 1, missing = "drop"),
    mt_hal(y ~ h(x1) + h(group) + x2, data, "site", lambda = 0.1, missing = "drop"),
    mt_hal(answer ~ h(x1), data, lambda = 0.1, family = "binomial", missing = "drop"),
    quiet_heywood(mixed_forms(y + w ~ x1 + x2 + group, data, "site", d = 1)),
    quiet_heywood(mixed_forms(y ~ x1 + x2 | x3 + x4, data, d = 1))
  )
  for (fit in fits) {
    beside <- augment(fit, data)
    expect_identical(beside[names(data)], data)
    bare <- augment(fit, `rownames<-`(data, NULL))
    expect_equal(unclass(bare), unclass(beside), ignore_attr = "row.names")
    expect_error(augment(fit, data[order(data$y), ]), "in different orders", class = "sparsekin_DataError")
    foreign <- "does not hold the rows of the fit: '.*' is .* in row '\\d+' and was"
    expect_error(augment(fit, `rownames<-`(data[order(data$y), ], NULL)), foreign, class = "sparsekin_DataError")
    expect_error(augment(fit, `rownames<-`(transform(data, x1 = rev(x1)), NULL)), foreign)
    other <- transform(data, y = rev(y), answer = rev(answer))
    expect_error(augment(fit, other), "does not hold the rows of the fit", class = "sparsekin_DataError")
    expect_error(augment(fit, `rownames<-`(data, paste0("q", 1:80))), "different names", class = "sparsekin_DataError")
  }
  plain <- `rownames<-`(make_studies(80L), NULL)
  fit <- sparse_mtl(y ~ x1, plain, "site", s = 1)
  expect_error(augment(fit, plain[order(plain$y), ]), "in different orders", class = "sparsekin_DataError")
  expect_error(augment(fit, transform(plain, site = rev(site))), "'site' is 2 in row '1' and was 1")
})

test_that("a variable that is taken away is none of the model", {
  skip_without_core()
  data <- make_studies()
  data$x6[1:30] <- NA
  fit <- sparse_mtl(y ~ . - x6 - w, data, "site", s = 2)
  expect_identical(nobs(fit), 120L)
  expect_equal(coef(fit), coef(sparse_mtl(y ~ x1 + x2 + x3 + x4 + x5 + group + smoker, data, "site", s = 2)))
  data$x6 <- data$w <- NULL
  expect_equal(predict(fit, data), fitted(fit))
})

test_that("an offset stays where keep adds a term", {
  skip_without_core()
  data <- make_studies()
  fit <- sparse_mtl(y ~ x1 + x3 + offset(x2), data, s = 1, keep = "x4")
  peer <- lm(y ~ x4 + x1 + offset(x2), data)
  expect_equal(coef(fit)[names(coef(peer)), 1L], coef(peer), tolerance = 1e-8)
})
