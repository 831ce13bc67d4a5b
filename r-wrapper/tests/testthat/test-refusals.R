refuses <- function(message, ..., class = "sparsekin_error") {
  expect_error(sparse_mtl(...), message, class = class, fixed = TRUE)
}

test_that("formulas that cannot be used say why", {
  data <- make_studies()
  refuses("must be two-sided", ~x1, data, s = 1, class = "sparsekin_FormulaError")
  refuses("names 'x11', which the data do not have. Did you mean 'x1'?", y ~ x11, data, s = 1)
  refuses("Outcome 'group' is not numeric (it holds ", group ~ x1, data, s = 1, class = "sparsekin_DataError")
  refuses("there cannot be a task column ('site') as well", cbind(y, w) ~ x1, data, "site", s = 1)
  data$x1 <- replace(abs(data$x1), c(4, 9), 0)
  refuses("Column 'log(x1)' is not finite in 2 rows (first: row '4')", y ~ log(x1), data, s = 1)
})

test_that("the task column is no term, as in Python", {
  data <- make_studies()
  said <- "'site' is the task column: it is constant within a task, and every task has coefficients of its own already."
  for (formula in list(y ~ x1 + site, y ~ x1 * site, y ~ x1 + factor(site))) refuses(said, formula, data, "site", s = 1)
  refuses("Remove the term 'x1:site'.", y ~ x1 + x1:site, data, "site", s = 1, class = "sparsekin_FormulaError")
  refuses(said, y ~ x1 + x2, data, "site", s = 1, keep = "site")
  expect_error(mt_hal(y ~ h(x1) + site, data, "site", lambda = 1), said, fixed = TRUE)
  expect_error(mixed_forms(y ~ x1 + x2 + site, data, "site", d = 1), said, fixed = TRUE)
})

test_that("columns that are not there are named, with what they might be", {
  data <- make_studies()
  refuses("task names column 'sites', which the data do not have. Did you mean 'site'?", y ~ x1, data, "sites", s = 1)
  refuses("weights names column 'W2'", y ~ x1, data, "site", s = 1, weights = "W2")
  refuses("keep names 'agee', which is no column or term.", y ~ x1 + x2, data, s = 1, keep = "agee")
  refuses("leaves no candidate column", y ~ x1, data, s = 1, keep = "x1")
  refuses("There are 3 weights for 120 rows.", y ~ x1, data, s = 1, weights = 1:3)
  refuses("data must be a data frame", y ~ x1, as.list(data), s = 1)
  refuses("The data have no rows.", y ~ x1, data[0, ], s = 1)
})

test_that("missing values are counted by column, and dropped only when asked", {
  data <- make_studies()
  data$x1[1:5] <- NA
  data$group[5:6] <- NA
  data$site[7] <- NA
  data$y[8] <- NA
  message <- "Missing values in 8 of 120 rows: x1 (5), group (2), y (1), site (1)."
  refuses(message, y ~ x1 + group, data, "site", s = 1, class = "sparsekin_DataError")
  refuses("use missing = \"drop\"", y ~ x1 + group, data, "site", s = 1)
  refuses("No complete row is left of 5: x1 (5)", y ~ x1, data[1:5, ], "site", s = 1, missing = "drop")
  skip_without_core()
  fit <- sparse_mtl(y ~ x1 + group, data, "site", s = 1, missing = "drop")
  expect_identical(nobs(fit), 112L)
  expect_identical(names(fitted(fit)), as.character(9:120))
  expect_output(print(summary(fit)), "8 of 120 rows dropped: x1 (5), group (2)", fixed = TRUE)
})

test_that("options are refused in the user's words", {
  skip_without_core()
  data <- make_studies()
  refuses("s must be whole numbers of at least 0, not 1.5", y ~ x1 + x2, data, "site", s = 1.5, class = "sparsekin_OptionError")
  refuses("Task 'north' has 2 complete rows but s = 5", y ~ ., data[c(1:2, 61:120), ], "site", s = 5)
  refuses("\"none\" is not one of \"within\", \"pooled\", FALSE.", y ~ x1, data, s = 1, standardize = "none")
  refuses("shares nothing between tasks", y ~ x1, data, "site", s = 1, support = "independent", lambda_z = 1)
  refuses("s names task 'east', which the data do not have", y ~ x1, data, "site", s = c(north = 1, east = 1))
  refuses("The weights (weights) are negative in 1 rows", y ~ x1, data, s = 1, weights = c(-1, rep(1, 119)))
})

test_that("new data that do not fit are refused by name", {
  skip_without_core()
  data <- make_studies()
  fit <- sparse_mtl(y ~ x1 + group, data, "site", s = 2)
  refused <- function(message, ...) expect_error(predict(fit, ...), message, class = "sparsekin_error", fixed = TRUE)
  refused("The data lack columns the model was fitted with: 'x1'.", data["group"])
  refused("'group' has level 'q', not seen when fitting (it knows 'a', 'b', 'c').", transform(data, group = "q"))
  unknown <- transform(data, site = "east")
  refused("The model was not fitted to task 'east' (it knows 'north', 'south'); use how = \"mean\"", unknown)
  refused("The new rows have no task: add the column 'site'", data[c("x1", "group")])
  refused("task has 2 labels for 120 rows", data, task = c("north", "south"))
  refused("needs stacking weights", data, how = "stack")
  refused("how = \"best\" is not one of", data, how = "best")
})

test_that("statistics that would mislead say so", {
  skip_without_core()
  fit <- sparse_mtl(y ~ x1 + x2, make_studies(), "site", s = 1)
  for (statistic in list(vcov, confint, pvalues, logLik)) {
    expect_error(statistic(fit), "optimistic", class = "sparsekin_Unavailable")
  }
})
