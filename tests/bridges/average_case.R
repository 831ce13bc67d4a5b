# Rscript average_case.R DATA.csv REPLY OUT.json: build the average of a reply the core wrote, and say what it says.
library(sparsekin)
files <- commandArgs(TRUE)
data <- read.csv(files[1])
reply <- jsonlite::fromJSON(paste0(files[2], ".json"), simplifyVector = FALSE)
buffers <- lapply(seq_len(reply$n) - 1L, function(i) {
  path <- paste0(files[2], ".", i)
  readBin(path, "raw", file.size(path))
})
fit <- sparse_mtl(y ~ . - site, data, "site", s = 1, keep = "x4", lambda_1 = 0.1)
found <- sparsekin:::new_sparse_mtl_average(sparsekin:::receive(reply$value, buffers), fit$design, fit$scale, fit$call)
exact <- function(x) sprintf("%.17g", x)
out <- list(
  class = class(found), coef = exact(coef(found)), predicted = exact(predict(found, data)), fitted = exact(fitted(found)),
  tidy = lapply(tidy(found), function(column) if (is.double(column)) exact(column) else column),
  glance = as.list(glance(found)), selected = found$selected, lambda_2 = exact(found$members$lambda_2),
  best = exact(coef(found$best_member)), best_setting = exact(found$best_member$lambda_1),
  summary = capture.output(print(summary(found)))
)
writeLines(jsonlite::toJSON(out, auto_unbox = TRUE, digits = NA, na = "string"), files[3])
