# Rscript fit_cases.R DATA.csv CASES.json OUT.json: fit every case and write coefficients and predictions.
library(sparsekin)
files <- commandArgs(TRUE)
data <- read.csv(files[1], stringsAsFactors = FALSE, na.strings = "")
data$g <- factor(data$g, levels = c("b", "a", "c"))
cases <- jsonlite::fromJSON(files[2], simplifyVector = FALSE)
exact <- function(x) if (is.null(x)) NULL else sprintf("%.17g", x)
found <- lapply(cases, function(case) {
  if (!is.null(case$contrasts)) contrasts(data$g) <- case$contrasts
  fit <- do.call(sparse_mtl, c(list(as.formula(case$formula), data, missing = "drop"), case$options))
  list(coef = exact(coef(fit)), dim = dim(coef(fit)), predicted = exact(predict(fit, data[1:20, ])))
})
writeLines(jsonlite::toJSON(found), files[3])
