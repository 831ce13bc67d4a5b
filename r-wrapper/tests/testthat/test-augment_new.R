# augment() of other rows is predict() of them, and residuals where the outcome is there.

with_outcomes <- function() {
  data <- make_studies(90L)
  data$answer <- ifelse(data$y > 0, "yes", "no")
  data$z <- data$y + data$x3
  data
}

# A fit, its outcomes as functions of the data, and the columns they are made of.
augmented_cases <- function(data) {
  case <- function(fit, columns, ...) list(fit = fit, columns = columns, outcomes = list(...))
  forms <- quiet_heywood(mixed_forms(y + z ~ x1 + x2 + group, data, "site", d = 1))
  list(
    case(sparse_mtl(y ~ x1 + group, data, "site", s = 1), "y", function(d) d$y),
    case(sparse_mtl(log(y^2) ~ x1 + offset(x2), data, "site", s = 1), "y", function(d) log(d$y^2)),
    case(sparse_mtl(cbind(y, L = log(w)) ~ x1 + x2, data, s = 1), c("y", "w"), y = function(d) d$y, L = function(d) log(d$w)),
    case(mt_hal(y ~ h(x1) + x2, data, "site", lambda = 0.1), "y", function(d) d$y),
    case(mt_hal(answer ~ h(x1), data, "site", lambda = 0.1, family = "binomial"), "answer", function(d) +(d$answer == "yes")),
    case(forms, c("y", "z"), y = function(d) d$y, z = function(d) d$z)
  )
}

test_that("new rows get predictions, and residuals where the outcome is there", {
  skip_without_core()
  data <- with_outcomes()
  new <- data[c(80, 3, 41, 7), ]
  new$x1[2L] <- NA
  for (case in augmented_cases(data)) {
    found <- augment(case$fit, newdata = new)
    expect_identical(found[names(new)], new)
    predicted <- as.matrix(predict(case$fit, new))
    ends <- if (is.null(names(case$outcomes))) "" else paste0("_", names(case$outcomes))
    expect_equal(unname(as.matrix(found[paste0(".fitted", ends)])), unname(predicted))
    seen <- vapply(case$outcomes, function(f) as.double(f(new)), numeric(4))
    expect_equal(unname(as.matrix(found[paste0(".resid", ends)])), unname(seen - predicted))
    bare <- augment(case$fit, newdata = new[setdiff(names(new), case$columns)])
    expect_false(any(grepl("^\\.resid", names(bare))))
    expect_equal(bare[paste0(".fitted", ends)], found[paste0(".fitted", ends)])
    if (length(case$columns) > 1L) {
      part <- augment(case$fit, newdata = new[setdiff(names(new), case$columns[2L])])
      expect_identical(grep("^\\.resid", names(part), value = TRUE), paste0(".resid", ends[1L]))
    }
    expect_named(augment(case$fit, newdata = found), names(found), ignore.order = TRUE)
    expect_named(augment(case$fit, augment(case$fit, data)), names(augment(case$fit, data)), ignore.order = TRUE)
    expect_error(augment(case$fit, data, newdata = new), "not both", class = "sparsekin_OptionError")
    expect_identical(nrow(augment(case$fit, newdata = new[c(1, 1), ])), 2L)
  }
})

test_that("residuals of new rows are those of lm() where nothing is selected", {
  skip_without_core()
  new <- transform(mtcars[5:9, ], wt = wt + 0.1)
  mine <- augment(sparse_mtl(mpg ~ wt + hp, mtcars, s = 2), newdata = new)
  peer <- lm(mpg ~ wt + hp, mtcars)
  expect_equal(mine$.fitted, unname(predict(peer, new)))
  expect_equal(mine$.resid, unname(new$mpg - predict(peer, new)))
})

test_that("new rows that cannot be predicted or judged are refused by name", {
  skip_without_core()
  data <- with_outcomes()
  fit <- sparse_mtl(y ~ x1, data, "site", s = 1)
  expect_error(augment(fit, newdata = data[setdiff(names(data), "site")]), "add the column 'site'", class = "sparsekin_DataError")
  expect_error(augment(fit, newdata = transform(data, y = "a")), "Outcome 'y' is not numeric", class = "sparsekin_DataError")
  for (bad in list(list(1), 1, character(), NA)) {
    expect_error(augment(fit, newdata = bad), "must be a data frame", class = "sparsekin_error")
    expect_error(augment(fit, bad), "must be a data frame", class = "sparsekin_error")
  }
  answer <- mt_hal(answer ~ h(x1), data, lambda = 0.1, family = "binomial")
  expect_error(
    augment(answer, newdata = transform(data, answer = "maybe")), "'answer' has level 'maybe', not seen",
    class = "sparsekin_DataError"
  )
  y <- data$y
  outside <- sparse_mtl(y ~ x1, data[setdiff(names(data), "y")], "site", s = 1)
  expect_named(augment(outside, newdata = data[1:2, c("x1", "site")]), c("x1", "site", ".fitted"))
})
