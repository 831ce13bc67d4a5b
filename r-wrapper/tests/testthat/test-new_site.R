make_sites <- function() {
  data <- make_studies()
  data$site <- rep(c("a", "b", "c"), c(20, 70, 30))
  data$y <- data$y + match(data$site, c("c", "a", "b")) + data$x3 * (data$site == "c")
  data$x1 <- data$x1 + 3 * (data$site == "b")
  data
}

test_that("a new study has the mean of the slopes, and the level of the models by rows in the middle of the rows", {
  skip_without_core()
  data <- make_sites()
  new <- transform(data[c(3, 40, 100), ], site = "d")
  for (weighted in c(FALSE, TRUE)) {
    w <- if (weighted) data$w else rep(1, nrow(data))
    fit <- if (weighted) {
      sparse_mtl(y ~ x1 + x2 + x3 + group, data, "site", s = 2, keep = "x2", weights = "w")
    } else {
      sparse_mtl(y ~ x1 + x2 + x3 + group, data, "site", s = 2, keep = "x2")
    }
    coefficients <- coef(fit)
    shares <- c(tapply(w, data$site, sum)) / sum(w)
    columns <- function(data) model.matrix(~ x1 + x2 + x3 + group, data)[, rownames(coefficients)]
    middle <- apply(columns(data), 2, weighted.mean, w = w)
    level <- sum(shares * (middle %*% coefficients))
    around <- sweep(columns(new), 2, middle)
    expect_equal(predict(fit, new, how = "mean"), level + drop(around %*% rowMeans(coefficients)))
    expect_equal(predict(fit, new, how = "pooled"), drop(columns(new) %*% coefficients %*% shares))
    moved <- transform(data, x1 = x1 + 1000)
    again <- update(fit, data = moved)
    expect_equal(predict(again, transform(new, x1 = x1 + 1000), how = "mean"), predict(fit, new, how = "mean"), tolerance = 1e-8)
  }
})

test_that("equal slopes have the intercepts weighted by rows; without intercepts there is nothing but the mean", {
  skip_without_core()
  data <- make_sites()
  new <- transform(data[c(3, 40, 100), ], site = "d")
  fit <- sparse_mtl(y ~ x1 + x2, data, "site", s = 2, lambda_2 = Inf)
  peer <- coef(lm(y ~ 0 + site + x1 + x2, data))
  expected <- weighted.mean(peer[1:3], c(20, 70, 30)) + as.matrix(new[c("x1", "x2")]) %*% peer[4:5]
  expect_equal(unname(predict(fit, new, how = "mean")), unname(drop(expected)), tolerance = 1e-8)
  expect_equal(predict(fit, new, how = "pooled"), predict(fit, new, how = "mean"))
  bare <- sparse_mtl(y ~ 0 + x1 + x2, data, "site", s = 2)
  mean_of_models <- drop(as.matrix(new[c("x1", "x2")]) %*% rowMeans(coef(bare)))
  expect_equal(predict(bare, new, how = "mean"), mean_of_models, ignore_attr = TRUE)
})

test_that("labelled rows move the level, shrunken as in Python", {
  skip_without_core()
  data <- make_sites()
  data$y[data$site == "b"] <- data$y[data$site == "b"] + 2
  fit <- sparse_mtl(y ~ x1 + x2 + x3 + group, data, "site", s = 3)
  sd <- fit$new_site
  coefficients <- coef(fit)
  n <- c(table(data$site))
  columns <- model.matrix(~ x1 + x2 + x3 + group, data)[, rownames(coefficients)]
  within <- sum(residuals(fit)^2) / (nrow(data) - sum(coefficients != 0))
  levels <- drop(colMeans(columns) %*% coefficients)
  apart <- sum(n * (levels - weighted.mean(levels, n))^2)
  between <- max(0, (apart - 2 * within) / (sum(n) - sum(n^2) / sum(n)))
  expect_gt(between, 0)
  expect_equal(c(sd$sd_between, sd$sd_within)^2, c(between, within))
  new <- transform(data[c(3, 40, 100, 7, 9), ], site = "d")
  new$y <- new$y + 5
  for (how in c("mean", "pooled")) {
    plain <- predict(fit, new, how = how)
    moved <- predict(fit, new, how = how, labelled = new[1:4, ])
    share <- between / (between + within / 4)
    expect_equal(moved, plain + share * mean((new$y - plain)[1:4]))
  }
  gaps <- new
  gaps$y[5] <- NA
  expect_equal(predict(fit, new, how = "mean", labelled = gaps), predict(fit, new, how = "mean", labelled = new[1:4, ]))
  offset <- sparse_mtl(y ~ x1 + x2 + x3 + group + offset(w), transform(data, y = y + w), "site", s = 3)
  there <- transform(new, y = y + w)
  expect_equal(
    predict(offset, there, how = "mean", labelled = there[1:4, ]) - new$w, predict(fit, new, how = "mean", labelled = new[1:4, ])
  )
  expect_error(predict(fit, data, labelled = new), "use how = \"mean\"", class = "sparsekin_OptionError")
  refused <- function(labelled, text) {
    expect_error(predict(fit, new, how = "mean", labelled = labelled), text, class = "sparsekin_DataError")
  }
  refused(new[names(new) != "y"], "The labelled rows lack their outcome")
  refused(transform(new, y = NA_real_), "None of the 5 labelled rows has the outcome")
  refused(transform(new, site = c("d", "e", "d", "d", "d")), "of tasks 'd', 'e'; give those of one study")
  refused(transform(new, site = "e"), "of 'e', but some new rows of 'd'")
  bare <- sparse_mtl(y ~ 0 + x1 + x2, data, "site", s = 2)
  expect_error(predict(bare, new, how = "mean", labelled = new), "cannot be told", class = "sparsekin_OptionError")
})

test_that("intervals of a new study have the spread of the sites in them", {
  skip_without_core()
  data <- make_sites()
  data$y[data$site == "b"] <- data$y[data$site == "b"] + 2
  fit <- sparse_mtl(y ~ x1 + x2 + x3 + group, data, "site", s = 2)
  new <- transform(data[c(3, 40, 100, 5), ], site = "d")
  t2 <- fit$new_site$sd_between^2 * (1 + 1 / 3)
  s2 <- fit$new_site$sd_within^2
  expect_gt(t2, 0)
  for (how in c("mean", "pooled")) {
    for (m in c(0, 3)) {
      labelled <- if (m) new[seq_len(m), ]
      of_level <- if (m) t2 * s2 / (m * t2 + s2) else t2
      half <- qt(0.9, 2 * ((of_level + s2) / of_level)^2) * sqrt(of_level + s2)
      point <- predict(fit, new, how = how, labelled = labelled)
      found <- predict(fit, new, how = how, labelled = labelled, interval = "prediction", level = 0.8)
      expect_equal(found, cbind(fit = point, lwr = point - half, upr = point + half))
    }
  }
  gaps <- transform(new, x1 = c(NA, x1[-1]))
  expect_identical(unname(is.na(predict(fit, gaps, how = "mean", interval = "prediction")[, "upr"])), c(TRUE, FALSE, FALSE, FALSE))
  alike <- sparse_mtl(y ~ x1 + x2, transform(data, y = x1 + rep(c(-1, 1), 60)), "site", s = 1, lambda_2 = Inf)
  expect_equal(alike$new_site$sd_between, 0)
  width <- diff(predict(alike, new, how = "mean", interval = "prediction")[1, c("lwr", "upr")])
  expect_equal(unname(width), 2 * qnorm(0.975) * alike$new_site$sd_within)
})

test_that("intervals that cannot be are refused", {
  skip_without_core()
  data <- make_sites()
  fit <- sparse_mtl(y ~ x1 + x2 + x3 + group, data, "site", s = 2)
  asked <- function(text, ...) expect_error(predict(fit, data, ..., interval = "prediction"), text, class = "sparsekin_OptionError", fixed = TRUE)
  expect_error(predict(fit, interval = "prediction"), "Prediction intervals are of new rows", class = "sparsekin_DataError")
  for (level in list(0, 2, NA, "high", c(0.8, 0.9))) asked("level must be one number between 0 and 1", how = "mean", level = level)
  asked("level must be one number between 0 and 1, not 1.", how = "mean", level = 1)
  one <- sparse_mtl(y ~ x1 + x2, data, s = 1)
  expect_error(
    predict(one, data, how = "mean", interval = "prediction"), "cannot be told: that needs several tasks",
    class = "sparsekin_OptionError"
  )
  expect_error(predict(fit, data, interval = "confidence"), "interval", class = "sparsekin_OptionError")
})

test_that("rows of the tasks have CV+ intervals around their predictions", {
  skip_without_core()
  data <- make_sites()
  data$x2[4] <- NA
  fit <- sparse_mtl(y ~ x1 + x2 + x3 + group, data, "site", s = 2, keep = "x3", missing = "drop")
  found <- predict(fit, data, interval = "prediction", level = 0.9)
  expect_identical(colnames(found), c("fit", "lwr", "upr"))
  expect_equal(found[, "fit"], predict(fit, data))
  expect_identical(unname(which(is.na(found[, "lwr"]))), 4L)
  inside <- data$y >= found[, "lwr"] & data$y <= found[, "upr"]
  expect_gt(mean(inside, na.rm = TRUE), 0.85) # rows of the fit: at least as many as new ones
  wider <- predict(fit, data, interval = "prediction", level = 0.95)
  expect_true(all(wider[, "upr"] - wider[, "lwr"] >= found[, "upr"] - found[, "lwr"] - 1e-9, na.rm = TRUE))
  expect_equal(predict(fit, data[5:1, ], interval = "prediction", level = 0.9), found[5:1, ])
  moved <- predict(fit, transform(data[1:3, ], site = NULL), interval = "prediction", task = as.character(data$site[1]))
  expect_identical(dim(moved), c(3L, 3L))
  shifted <- sparse_mtl(I(y + x1) ~ x1 + x2 + x3 + group + offset(x1), data, "site", s = 2, keep = "x3", missing = "drop")
  expect_equal(predict(shifted, data, interval = "prediction", level = 0.9), found + data$x1, tolerance = 1e-6)
  several <- sparse_mtl(cbind(y, x1) ~ x2 + x3, data, s = 1, missing = "drop")
  both <- predict(several, data[1:3, ], interval = "prediction")
  expect_identical(dim(both), c(3L, 3L, 2L))
  expect_equal(both[, "fit", "x1"], predict(several, data[1:3, ])[, "x1"])
  expect_error(predict(fit, data, interval = "prediction", level = 1), "between 0 and 1, not 1")
})
