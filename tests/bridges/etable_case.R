# Rscript etable_case.R DATA.csv OUT.json: tables of fits, in numbers and in text.
library(sparsekin)
files <- commandArgs(TRUE)
data <- read.csv(files[1])
exact <- function(x) if (is.double(x)) sprintf("%.17g", x) else x
one <- sparse_mtl(y ~ ., data, "site", s = 2, lambda_1 = 0, lambda_2 = Inf, keep = "x4")
each <- sparse_mtl(y ~ ., data, "site", s = 2, lambda_1 = 0.1, lambda_z = 0.01, keep = "x4")
average <- refit(cv_sparse_mtl(y ~ ., data, "site", folds = 3, rng = 0, effort = 0), "average")
made <- list(
  fitted = etable(one = one, each = each, average = average),
  heldout = etable(stability(each, pairs = 20, rng = 1), heldout = TRUE)
)
out <- lapply(made, function(table) list(tidy = lapply(tidy(table), exact), cells = as.list(as.data.frame(table))))
writeLines(jsonlite::toJSON(out, digits = NA, na = "string"), files[2])
