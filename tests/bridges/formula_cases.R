# Rscript formula_cases.R DATA.csv NEW.csv CASES.json OUT.json: of every case coefficients, objective, fitted values and predictions of new rows.
library(sparsekin)
Surv <- survival::Surv
files <- commandArgs(TRUE)
read <- function(file) {
  data <- read.csv(file, stringsAsFactors = FALSE, na.strings = "", check.names = FALSE)
  data$g <- factor(data$g, levels = c("b", "a", "c"))
  for (name in c("smoker", "well")) data[[name]] <- as.logical(data[[name]])
  data
}
data <- read(files[1])
new <- read(files[2])
exact <- function(x) as.vector(ifelse(is.na(x), "NaN", sprintf("%.17g", x)))
fit_case <- function(case) {
  call <- as.call(c(quote(sparse_mtl), str2lang(case$formula), quote(data), case$options))
  call$subset <- if (!is.null(case$subset)) str2lang(case$subset)
  fit <- eval(call)
  list(
    coef = exact(coef(fit)), dim = dim(coef(fit)), objective = exact(glance(fit)$objective), fitted = exact(fitted(fit)),
    predicted = exact(predict(fit, new, type = "link")), nobs = nobs(fit)
  )
}
found <- lapply(jsonlite::fromJSON(files[3], simplifyVector = FALSE), function(case) {
  tryCatch(fit_case(case), error = function(e) list(error = conditionMessage(e)))
})
writeLines(jsonlite::toJSON(found), files[4])
