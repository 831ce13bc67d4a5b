# Every design is made in R. Fitted values are the core's, from the design it was sent; predictions are R's, from the
# data frame alone, also from a part of its rows, where knots, levels and centres must be those of the fit.
formulas <- list(
  y ~ x1 + x2,
  y ~ .,
  y ~ . - w,
  y ~ x1 * x2,
  y ~ x1:group + x2,
  y ~ group * smoker,
  y ~ (x1 + x2 + x3)^2,
  y ~ x1 + I(x2^2),
  y ~ poly(x1, 3) + x2,
  y ~ poly(x1, x2, degree = 2),
  y ~ splines::ns(x1, df = 4) + x2,
  y ~ splines::bs(x2, knots = c(-0.5, 0.5)),
  y ~ log(w) + sqrt(abs(x1)) + x2,
  y ~ scale(x1) + x3,
  y ~ cut(x1, c(-Inf, 0, Inf)) + x2,
  y ~ ordered(group) + x1,
  y ~ 0 + group + x1,
  y ~ x1 + x2 - 1,
  y ~ factor(smoker) / x1,
  log(w) ~ x1 + x2 + x3,
  cbind(y, w) ~ x1 + x2 + group,
  y ~ `odd name` + x1
)

for (formula in formulas) {
  test_that(paste("predictions agree:", deparse1(formula)), {
    skip_without_core()
    data <- make_studies()
    data$`odd name` <- data$x2^2
    task <- if (identical(formula[[2L]], quote(cbind(y, w)))) NULL else "site"
    fit <- sparse_mtl(formula, data, task, s = 3, lambda_1 = 0.01)
    expect_equal(predict(fit, data), fitted(fit), tolerance = 1e-10)
    some <- c(17L, 3L, 99L)
    part <- if (is.matrix(fitted(fit))) fitted(fit)[some, ] else fitted(fit)[some]
    expect_equal(predict(fit, data[some, ]), part, tolerance = 1e-10)
    expect_equal(fitted(fit) + residuals(fit), if (is.matrix(part)) as.matrix(data[c("y", "w")]) else {
      stats::setNames(eval(formula[[2L]], data), row.names(data))
    }, tolerance = 1e-10, ignore_attr = TRUE)
  })
}

test_that("contrasts of the session and of a column are kept", {
  skip_without_core()
  data <- make_studies()
  old <- options(contrasts = c("contr.sum", "contr.poly"))
  fit <- sparse_mtl(y ~ group + x1, data, "site", s = 3)
  options(old)
  expect_identical(rownames(coef(fit)), c("(Intercept)", "group1", "group2", "x1"))
  expect_equal(predict(fit, data[5:1, ]), fitted(fit)[5:1], tolerance = 1e-10)
  contrasts(data$group) <- "contr.helmert"
  fit <- sparse_mtl(y ~ group + x1, data, "site", s = 3)
  expect_equal(predict(fit, transform(data, group = factor(as.character(group)))), fitted(fit), tolerance = 1e-10)
})

test_that("variables and functions of the formula's environment are found", {
  skip_without_core()
  data <- make_studies()
  make <- function() {
    degree <- 2
    twice <- function(x) 2 * x
    y ~ poly(x1, degree) + twice(x2)
  }
  fit <- sparse_mtl(make(), data, "site", s = 3)
  expect_equal(predict(fit, data), fitted(fit), tolerance = 1e-10)
})

test_that("the point leaves out outcomes, task and weights", {
  skip_without_core()
  data <- make_studies()[c("site", "x1", "x2", "w", "y")]
  expect_identical(rownames(coef(sparse_mtl(y ~ ., data, "site", s = 1, weights = "w"))), c("(Intercept)", "x1", "x2"))
  expect_identical(rownames(coef(sparse_mtl(cbind(y, x1) ~ . - site, data, s = 1))), c("(Intercept)", "x2", "w"))
})
