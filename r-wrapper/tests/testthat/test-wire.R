echo <- function(x) call_core("echo", list(value = x))

test_that("columns of every kind come back as they went, missing values included", {
  skip_without_core()
  data <- data.frame(
    whole = c(1L, NA, -3L), real = c(0.1 + 0.2, NA, -1e300), truth = c(TRUE, NA, FALSE),
    text = c("a", NA, "\u00e9\u03bb"),
    level = factor(c("z", NA, "a"), levels = c("z", "a", "unused")), day = as.Date(c("2024-02-29", NA, "1969-12-31"))
  )
  data$rank <- factor(c("low", "high", NA), levels = c("low", "high"), ordered = TRUE)
  expect_identical(echo(data), data)
})

test_that("columns without missing values, and empty ones, come back too", {
  skip_without_core()
  data <- data.frame(whole = 1:2, truth = c(TRUE, FALSE), text = c("", "b"), day = as.Date("2020-01-01") + 0:1)
  expect_identical(echo(data), data)
  expect_identical(echo(data[0L, ]), data[0L, ], ignore_attr = "row.names")
})

test_that("numbers are exact and arrays keep their shape", {
  skip_without_core()
  x <- array(rnorm(24), c(2L, 3L, 4L))
  expect_identical(echo(x), x)
  expect_identical(echo(matrix(pi, 1L, 1L)), matrix(pi, 1L, 1L))
  expect_identical(echo(matrix(0, 0L, 3L)), matrix(0, 0L, 3L))
  expect_identical(echo(0.1 + 0.2), 0.1 + 0.2)
  mixed <- list(a = "text", b = TRUE, c = NULL, d = 1e-300)
  expect_identical(echo(mixed), mixed)
})

test_that("a column that cannot travel is named", {
  data <- data.frame(x = 1)
  data$when <- as.POSIXct("2024-01-01", tz = "UTC")
  expect_error(send(data, new_buffers()), "Column 'when' of class 'POSIXct'", class = "sparsekin_error")
})

test_that("errors of the core are conditions with a class", {
  skip_without_core()
  found <- expect_error(call_core("no such method"), "Internal error", class = "sparsekin_InternalError")
  expect_match(found$traceback, "KeyError")
})
