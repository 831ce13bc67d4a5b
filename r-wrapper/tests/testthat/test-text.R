# Text that is a number or names the rows, factors of one level, and terms of keep that cannot be estimated.

warns <- function(call, told) expect_warning(call, told, class = "sparsekin_DataWarning")

with_column <- function(odd) data.frame(make_studies(60L)[c("y", "x1", "x2", "site")], odd = odd)

test_that("text that is a number or names the rows is warned about", {
  skip_without_core()
  lab <- formatC(seq(0.5, by = 0.1, length.out = 60L), digits = 1L, format = "f")
  lab[c(1, 16, 31, 46)] <- "."
  ids <- paste0("id", rep(1:30, each = 2L))
  numbers <- "Column 'odd' is text, but 93 % of its values are numbers \\(not '.'\\); as text, its 57 different values"
  rows <- "Column 'odd' has 30 different values in 60 rows, so it makes 29 columns"
  for (odd in list(list(lab, numbers), list(factor(lab), numbers), list(ids, rows), list(factor(ids), rows))) {
    data <- with_column(odd[[1L]])
    warns(sparse_mtl(y ~ ., data, "site", s = 1), odd[[2L]])
    warns(sparse_mtl(y ~ x1, data, "site", s = 1, keep = "odd", lambda_1 = 1), odd[[2L]])
    warns(mt_hal(y ~ h(x1) + odd, data, "site", lambda = 0.2), odd[[2L]])
    warns(mt_hal(y ~ h(.), data, "site", lambda = 0.2), odd[[2L]])
    warns(quiet_heywood(mixed_forms(y ~ x1 + odd, data, "site", d = 1, starts = 1)), odd[[2L]])
  }
  warns(sparse_mtl(y ~ ., with_column(as.character(1:60)), "site", s = 1), "100 % of its values are numbers;")
  grades <- with_column(as.character(1:60 %% 3))
  expect_no_warning(sparse_mtl(y ~ x1 + factor(odd), grades, "site", s = 1))
  expect_no_warning(sparse_mtl(y ~ ., transform(grades, odd = factor(odd)), "site", s = 1))
  expect_no_warning(sparse_mtl(y ~ ., with_column(ids), "odd", s = 1, lambda_1 = 1, keep = NULL))
})

test_that("a factor of one level is refused by name", {
  data <- with_column("new")
  told <- "'odd' has one level in the rows used, 'new'"
  expect_error(sparse_mtl(y ~ x1 + odd, data, "site", s = 1), told, class = "sparsekin_DataError")
  expect_error(mt_hal(y ~ h(x1) + odd, data, "site", lambda = 1), told, class = "sparsekin_DataError")
  expect_error(mixed_forms(y ~ x1 + odd, data, d = 1), told, class = "sparsekin_DataError")
})

test_that("what cannot be estimated in a task is NA, as in lm()", {
  skip_without_core()
  data <- make_studies()
  data$sex <- factor(ifelse(data$site == "north" | data$x5 > 0, "f", "m"))
  data$months <- 12 * data$x6
  keep <- c("sex", "group", "x6", "months")
  fit <- sparse_mtl(y ~ x1 + sex + group + x6 + months, data, "site", s = 1, keep = keep)
  hal <- mt_hal(y ~ h(x1) + sex + group + x6 + months, data, "site", lambda = 0.05)
  south <- lm(y ~ x1 + sex + group + x6 + months, data[data$site == "south", ])
  expect_equal(coef(fit)[names(coef(south)), "south"], coef(south))
  north <- lm(y ~ x1 + group + x6, data[data$site == "north", ])
  expect_equal(coef(fit)[names(coef(north)), "north"], coef(north))
  expect_identical(unname(is.na(coef(fit)[c("sexm", "months"), ])), matrix(c(TRUE, TRUE, FALSE, TRUE), 2L))
  expect_identical(unname(is.na(coef(hal)[c("sexm", "months"), ])), matrix(c(TRUE, TRUE, FALSE, TRUE), 2L))
  for (one in list(fit, hal)) {
    expect_equal(unname(predict(one, data)), unname(fitted(one)))
    expect_output(print(summary(one)), "without a coefficient in 'north' (constant there", fixed = TRUE)
    expect_true(all(is.na(subset(tidy(one), term == "months")$estimate)))
  }
  expect_false(anyNA(predict(fit, data, how = "mean")))
})
