# Rscript family_cases.R DATA.csv CASES.json OUT.json: coefficients, fitted values and the table per task of every case.
library(sparsekin)
Surv <- survival::Surv
files <- commandArgs(TRUE)
data <- read.csv(files[1], stringsAsFactors = FALSE, na.strings = "")
cases <- jsonlite::fromJSON(files[2], simplifyVector = FALSE)
exact <- function(x) as.vector(ifelse(is.na(x), "NaN", sprintf("%.17g", x)))
found <- lapply(cases, function(case) {
  fit <- do.call(sparse_mtl, c(list(as.formula(case$formula), data, missing = "drop"), case$options))
  list(
    coef = exact(coef(fit)), dim = dim(coef(fit)), fitted = exact(fitted(fit)), resid = exact(residuals(fit)),
    table = lapply(fit$task_fit, exact), deviance = exact(deviance(fit)),
    survival = if (all(fit$families == "cox")) exact(predict(fit, type = "survival", times = c(1, 5, 20)))
  )
})
writeLines(jsonlite::toJSON(found), files[3])
