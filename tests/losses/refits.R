# Coefficients by glm and coxph for the cases in a JSON file; prints JSON.
cases <- jsonlite::fromJSON(commandArgs(TRUE)[1], simplifyDataFrame = FALSE)
fit <- function(case) {
  y <- case$y
  here <- case$weights > 0
  X <- case$X[here, , drop = FALSE]
  w <- case$weights[here]
  offset <- case$offset[here]
  y <- if (is.matrix(y)) y[here, , drop = FALSE] else y[here]
  if (case$family == "cox") {
    outcome <- if (ncol(y) == 3) survival::Surv(y[, 1], y[, 2], y[, 3]) else survival::Surv(y[, 1], y[, 2])
    groups <- if (is.null(case$strata)) rep(0, length(w)) else case$strata[here]
    control <- survival::coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 100)
    right <- if (is.null(case$strata)) "" else "+ strata(groups)"
    strata <- survival::strata
    model <- as.formula(paste("outcome ~ X + offset(offset)", right))
    found <- survival::coxph(model, weights = w, ties = case$ties, control = control)
    known <- as.formula(paste("outcome ~ cbind(X, offset)", right))
    there <- survival::coxph(known, weights = w, ties = case$ties, init = c(found$coefficients, 1), iter.max = 0)
    base <- survival::basehaz(there, centered = FALSE)
    return(list(coef = unname(found$coefficients), twice = 2 * diff(found$loglik), hazard = base$hazard))
  }
  family <- if (case$family == "binomial") quasibinomial() else quasipoisson()
  found <- glm(y ~ X, family = family, weights = w, offset = offset, control = list(epsilon = 1e-14, maxit = 100))
  list(coef = unname(coef(found)), twice = found$null.deviance - found$deviance)
}
cat(jsonlite::toJSON(lapply(cases, fit), digits = NA))
