# Names are data, never code: whatever a column is called, the answer is that of the same data under plain names.

touch <- "file.create('OWNED')"
run <- "__import__('pathlib').Path('OWNED').touch()"
hostile <- c(
  paste0("age` + I(", touch, ") + `age"), paste0("age` + I(", run, ") + `age"), paste0("I(", run, ")"), run,
  paste0("x\\` + I(", run, ") + \\`"), paste0("{", run, "}"), "a`b", "`", "a\\b", "\\", "it's", "say \"x\"", "two words",
  " lead", "new\nline", "C(x)", "h(x)", "log(x)", "1", "2.5", "a:b", "a ~ b", "a | b", "TRUE", "function", "if", "x.1",
  ".x", "_x", "%in%", "x[T.b]", "temp[C]", "gr\u00f6\u00dfe", "$x$"
)

hostile_twins <- function(names = hostile, n = 120L) {
  set.seed(3)
  plain <- as.data.frame(matrix(runif(n * length(names), 1, 2), n))
  plain$y <- drop(as.matrix(plain) %*% sample(c(-1, 0, 0, 2), length(names), TRUE)) + rnorm(n, sd = 0.1)
  plain$site <- rep(c("a", "b"), length.out = n)
  list(plain = plain, hostile = stats::setNames(plain, c(names, "y", "site")))
}

in_empty_folder <- function(code) {
  folder <- tempfile()
  dir.create(folder)
  old <- setwd(folder)
  on.exit(setwd(old))
  force(code)
  expect_false(file.exists("OWNED"))
}

values <- function(x) unname(c(x))

test_that("sparse_mtl() takes any name", {
  skip_without_core()
  in_empty_folder({
    twins <- hostile_twins()
    for (kept in c(1L, 7L, 23L)) {
      found <- sparse_mtl(y ~ ., twins$hostile, "site", s = 4, lambda_z = 0.01, keep = hostile[kept])
      expected <- sparse_mtl(y ~ ., twins$plain, "site", s = 4, lambda_z = 0.01, keep = paste0("V", kept))
      expect_equal(values(coef(found)), values(coef(expected)), tolerance = 1e-12)
      expect_equal(values(predict(found, twins$hostile)), values(predict(expected, twins$plain)), tolerance = 1e-12)
      expect_identical(match(gsub("^`|`$", "", found$selected), gsub("^`|`$", "", colnames(found$design$x))),
                       match(expected$selected, colnames(expected$design$x)))
    }
  })
})

test_that("mt_hal() takes any name in h(), h(.) and outside", {
  skip_without_core()
  in_empty_folder({
    some <- hostile[c(1:10, 21:23, 31:34)]
    twins <- hostile_twins(some, 60L)
    found <- mt_hal(y ~ h(., k = 2, order = 0), twins$hostile, "site", lambda = 0.05)
    expected <- mt_hal(y ~ h(., k = 2, order = 0), twins$plain, "site", lambda = 0.05)
    expect_equal(values(predict(found, twins$hostile)), values(predict(expected, twins$plain)), tolerance = 1e-12)
    for (j in seq_along(some)) {
      other <- if (j == 1L) 2L else 1L
      formula <- y ~ h(a, k = 2) + b
      formula[[3L]][[2L]][[2L]] <- as.name(some[j])
      formula[[3L]][[3L]] <- as.name(some[other])
      plain <- stats::as.formula(sprintf("y ~ h(V%d, k = 2) + V%d", j, other))
      found <- mt_hal(formula, twins$hostile, lambda = 0.05)
      expected <- mt_hal(plain, twins$plain, lambda = 0.05)
      expect_equal(values(coef(found)), values(coef(expected)), tolerance = 1e-12)
      expect_equal(values(predict(found, twins$hostile)), values(predict(expected, twins$plain)), tolerance = 1e-12)
    }
  })
})

test_that("a column whose name begins like a factor is its own variable", {
  skip_without_core()
  set.seed(1)
  data <- data.frame(temp = factor(sample(c("hot", "cold"), 60, TRUE)), `temp[C]` = runif(60), check.names = FALSE)
  data$y <- data$`temp[C]` + rnorm(60)
  plain <- stats::setNames(data, c("state", "degrees", "y"))
  for (formula in list(y ~ h(.), y ~ h(.) + h(., .))) {
    found <- mt_hal(formula, data, lambda = 0.1)
    expected <- mt_hal(formula, plain, lambda = 0.1)
    expect_equal(unname(predict(found, data)), unname(predict(expected, plain)), tolerance = 1e-12)
    expect_equal(unname(fitted(found)), unname(predict(found, data)), tolerance = 1e-10)
  }
  names(data)[2L] <- "temphot"
  expect_error(mt_hal(y ~ h(.), data, lambda = 0.1), "two columns named 'temphot'; rename", class = "sparsekin_FormulaError")
})

test_that("mixed_forms() takes any name", {
  skip_without_core()
  in_empty_folder({
    twins <- hostile_twins(hostile[c(1:12, 21:26)])
    names <- names(twins$hostile)[1:18]
    sides <- function(names) {
      parts <- lapply(split(names, rep(1:2, each = 9L)), function(one) {
        Reduce(function(sum, name) call("+", sum, name), lapply(one, as.name))
      })
      formula <- y ~ x | z
      formula[[3L]][2:3] <- parts
      formula
    }
    found <- quiet_heywood(mixed_forms(sides(names), twins$hostile, "site", d = 2))
    expected <- quiet_heywood(mixed_forms(sides(paste0("V", 1:18)), twins$plain, "site", d = 2))
    expect_equal(values(predict(found, twins$hostile)), values(predict(expected, twins$plain)), tolerance = 1e-9)
  })
})
