test_that("with room for all features a task is glmnet's ridge", {
  skip_without_core()
  skip_if_not_installed("glmnet")
  data <- make_studies()
  x <- paste0("x", 1:6)
  lambda <- 0.3
  fit <- sparse_mtl(y ~ x1 + x2 + x3 + x4 + x5 + x6, data, "site", s = 6, lambda_1 = lambda)
  for (site in c("north", "south")) {
    part <- data[data$site == site, ]
    spread <- sqrt(mean((part$y - mean(part$y))^2))  # glmnet's penalty acts on y / spread
    ridge <- glmnet::glmnet(
      as.matrix(part[x]), part$y, alpha = 0, lambda = lambda * spread, thresh = 1e-24, maxit = 1e6
    )
    expect_equal(unname(coef(fit)[, site]), unname(as.vector(coef(ridge))), tolerance = 1e-8)
  }
})

test_that("without penalties the selected features have lm's coefficients", {
  skip_without_core()
  data <- make_studies()
  fit <- sparse_mtl(y ~ . - w, data, "site", s = 3, keep = "group", weights = "w")
  for (site in c("north", "south")) {
    chosen <- rownames(fit$support)[fit$support[, site]]
    expect_length(chosen, 3)
    part <- data[data$site == site, ]
    one <- lm(reformulate(c("group", sub("TRUE$", "", chosen)), "y"), part, weights = w)
    expect_equal(coef(fit)[names(coef(one)), site], coef(one), tolerance = 1e-9)
  }
})
