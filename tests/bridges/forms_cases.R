# Rscript forms_cases.R DATA.csv CASES.json OUT.json: fit every mixed form, write what it predicts and translates.
library(sparsekin)
files <- commandArgs(TRUE)
data <- read.csv(files[1], stringsAsFactors = FALSE, na.strings = "")
cases <- jsonlite::fromJSON(files[2], simplifyVector = FALSE)
exact <- function(x) sprintf("%.17g", x)
found <- lapply(cases, function(case) {
  options <- case$options
  if (!is.null(options$random)) options$random <- as.formula(paste("~", options$random))
  fit <- do.call(mixed_forms, c(list(as.formula(case$formula), data), options))
  list(
    alpha = exact(coef(fit)$y), beta = exact(coef(fit)$x), predicted = exact(predict(fit, data[1:20, ])),
    codes = exact(predict(fit, data[1:20, ], type = "codes")), imputed = exact(impute(fit)$y),
    translated = exact(translate(fit, data[1:20, ], from = "y", to = "x")), correlation = exact(fit$implied_correlation)
  )
})
writeLines(jsonlite::toJSON(found), files[3])
