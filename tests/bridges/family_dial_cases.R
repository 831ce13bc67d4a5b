# Rscript family_dial_cases.R DATA.csv OUT.json: the dial and its average of every outcome, the comparison of yes/no ones.
library(sparsekin)
Surv <- survival::Surv
files <- commandArgs(TRUE)
data <- read.csv(files[1])
new <- transform(data[1:4, ], site = "elsewhere")
exact <- function(x) as.vector(ifelse(is.na(x), "NaN", sprintf("%.17g", x)))
said <- function(left, ..., compares = FALSE) {
  asked <- list(stats::reformulate(paste0("x", 1:4), left), data, "site", folds = 3, rng = 2, ...)
  cv <- do.call(cv_sparse_mtl, c(asked, list(s = 1:2)))
  average <- refit(cv, "average")
  compared <- if (compares) do.call(compare_models, c(asked, list(s = 1)))
  list(
    verdict = cv$verdict, means = exact(cv$families$mean), coef = exact(coef(average)), fitted = exact(fitted(average)),
    mean = exact(predict(average, new, how = "mean")), link = exact(predict(average, new, how = "mean", type = "link")),
    deviance = exact(deviance(average)), ratios = exact(tidy(average, exponentiate = TRUE)$estimate),
    survival = if (all(average$families == "cox")) exact(predict(average, data, type = "survival", times = c(0.2, 1))),
    metric = compared$metric, compared = lapply(compared$per_fold, exact), words = compared$verdict
  )
}
found <- list(
  binomial = said(quote(ill), family = binomial, metric = "auc", compares = TRUE),
  poisson = said(quote(cases), family = "poisson", exposure = "days"),
  cox = said(quote(Surv(time, dead)), ties = "breslow")
)
writeLines(jsonlite::toJSON(found), files[2])
