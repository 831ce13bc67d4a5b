# Rscript hal_cases.R DATA.csv CASES.json OUT.json: fit every case of a highly adaptive lasso, write what it predicts.
library(sparsekin)
files <- commandArgs(TRUE)
data <- read.csv(files[1], stringsAsFactors = FALSE, na.strings = "")
data$g <- factor(data$g, levels = c("b", "a", "c"))
cases <- jsonlite::fromJSON(files[2], simplifyVector = FALSE)
exact <- function(x) sprintf("%.17g", x)
found <- lapply(cases, function(case) {
  if (is.list(case$options$family)) case$options$family <- unlist(case$options$family)
  fit <- do.call(mt_hal, c(list(as.formula(case$formula), data, missing = "drop"), case$options))
  list(
    coef = exact(coef(fit)), dim = dim(coef(fit)), predicted = exact(predict(fit, data[1:20, ])),
    objective = exact(glance(fit)$objective)
  )
})
writeLines(jsonlite::toJSON(found), files[3])
