# Rscript make_meta.R > meta.json: what metafor says of some studies, iterated to the last digit.
suppressMessages(library(metafor))

made <- function(k, mu, tau, low, high, seed) {
  set.seed(seed)
  se <- runif(k, low, high)
  list(yi = mu + rnorm(k, 0, sqrt(tau^2 + se^2)), se = se)
}
bcg <- escalc(measure = "RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
cases <- list(
  "vaccine trials" = list(yi = as.numeric(bcg$yi), se = sqrt(bcg$vi)),
  "no spread" = list(yi = c(0.50, 0.52, 0.47, 0.51, 0.49), se = c(0.1, 0.2, 0.15, 0.12, 0.3)),
  "two studies" = list(yi = c(0.2, 1.1), se = c(0.15, 0.25)),
  "two alike" = list(yi = c(0.2, 0.21), se = c(0.15, 0.25)),
  "three studies" = list(yi = c(0.81, 0.74, 0.92), se = c(0.02, 0.05, 0.03)),
  "huge spread" = list(yi = c(-900, 20, 1500, 3, 47), se = c(0.5, 0.1, 0.9, 0.3, 0.2)),
  "tiny errors" = list(yi = c(1, 1.1, 0.95, 1.3), se = c(1e-6, 2e-6, 5e-7, 1e-6)),
  "errors far apart" = list(yi = c(1, 1.2, 0.4, 3, -5), se = c(0.01, 0.1, 1, 10, 100)),
  "twenty" = made(20, 0.3, 0.4, 0.1, 0.6, 1),
  "fifty, little spread" = made(50, -1, 0.05, 0.1, 0.6, 2)
)
fits <- lapply(cases, function(one) {
  fit <- rma(one$yi, one$se^2, method = "REML", test = "knha", level = 95,
             control = list(threshold = 1e-13, maxiter = 100000))
  said <- predict(fit)
  list(yi = one$yi, se = one$se, estimate = as.numeric(fit$beta), error = fit$se, lower = fit$ci.lb, upper = fit$ci.ub,
       pred_lower = said$pi.lb, pred_upper = said$pi.ub, tau2 = fit$tau2, I2 = fit$I2 / 100, Q = fit$QE, p = fit$QEp)
})
text <- function(x) paste0("[", paste(format(x, digits = 17, trim = TRUE, scientific = TRUE), collapse = ", "), "]")
lines <- vapply(names(fits), function(name) {
  one <- fits[[name]]
  inner <- vapply(names(one), function(key) sprintf('"%s": %s', key, text(one[[key]])), "")
  sprintf('  "%s": {%s}', name, paste(inner, collapse = ", "))
}, "")
cat("{\n", paste(lines, collapse = ",\n"), "\n}\n", sep = "")
