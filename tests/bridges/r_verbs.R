# Rscript r_verbs.R [PAGE]: which generic answers for which class of the R package (docs/r-verbs.md); each is asked of a small object of each class.
suppressMessages(library(sparsekin))
this <- sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))
tests <- normalizePath(file.path(dirname(this), "../../r-wrapper/tests/testthat"))
of_tests <- new.env(parent = asNamespace("sparsekin"))
sys.source(file.path(tests, "helper-data.R"), of_tests)
cars <- transform(mtcars, cyl = factor(cyl))
all <- suppressWarnings(of_tests$fits_of_all())
kept <- lapply(1:2, function(i) sparse_mtl(mpg ~ wt + hp + qsec, cars, "am", s = 1, keep = "qsec"))
all$mtl_imputed <- pool_imputed(kept, folds = 2)
sparse <- all$sparse_mtl  # update() finds what the calls name

groups <- list(
  "A fit" = c("sparse_mtl", "sparse_mtl_average", "mt_hal", "mixed_forms"),
  "A path, a cross-validation" = c("path_sparse_mtl", "path_mt_hal", "cv_sparse_mtl", "cv_dial", "cv_mt_hal", "cv_mixed_forms"),
  "A comparison, a validation, a study" = c("compare_models", "mtl_validation", "mtl_left_out", "mtl_knockoffs", "mtl_study", "mtl_imputed")
)
verbs <- c(
  "print", "summary", "coef", "predict", "fitted", "residuals", "plot", "autoplot", "fortify", "formula", "nobs", "deviance", "logLik", "AIC", "BIC",
  "sigma", "df.residual", "weights", "family", "terms", "model.frame", "model.matrix", "update", "anova", "vcov", "confint", "simulate", "tidy", "glance",
  "augment", "refit", "stability", "certify", "alternatives", "hold_out", "validate", "knockoffs", "double_selection"
)
slow <- c("stability", "certify", "alternatives", "hold_out", "knockoffs", "double_selection")
packages <- c("sparsekin", "stats", "ggplot2", "base", "graphics")
generic_of <- function(verb) Filter(Negate(is.null), lapply(packages, function(package) get0(verb, asNamespace(package), mode = "function")))[[1L]]

# "yes", or the reason why not.
answer <- function(verb, class) {
  object <- all[[class]]
  arguments <- list(object)
  if (startsWith(class, "path_") && verb %in% c("coef", "predict", "refit")) arguments$at <- 2
  if (verb == "confint" && class == "mixed_forms") arguments$n <- 5
  if (verb == "validate") arguments$newdata <- cars
  if (verb == "stability") arguments$pairs <- 10
  if (verb == "knockoffs" && class == "sparse_mtl") arguments$fdr <- 0.9
  if (verb %in% c("alternatives", "certify")) arguments$time_limit <- 1
  if (verb == "double_selection" && class == "sparse_mtl") arguments[[1L]] <- kept[[1L]]
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  done <- tryCatch({
    utils::capture.output(suppressMessages(suppressWarnings(do.call(generic_of(verb), arguments, envir = globalenv()))))
    "yes"
  }, sparsekin_Unavailable = conditionMessage, sparsekin_DataError = function(e) if (verb == "knockoffs") "yes" else stop(e))  # of few rows
  sub("^.*is not available for an object of class '[^']*': ", "", done)
}

page <- c(
  "# Which generic answers for which class in R?", "",
  "Each cell was asked of a small object of its class (`tests/bridges/r_verbs.R` makes this page, and a test asks again). A number is the reason why there is no",
  "answer, below the table; R says it too, as an error of class `sparsekin_Unavailable`. No default of another package answers in its place.", "",
  "`na.action = na.exclude` pads fitted values and residuals with `NA`, `subset =` is a logical expression or row numbers, `offset()` in the formula counts in fits and",
  "predictions, all as of `lm()` and `glm()`."
)
for (title in names(groups)) {
  classes <- groups[[title]]
  table <- sapply(classes, function(class) sapply(verbs, answer, class = class))
  reasons <- unique(as.vector(t(table)))
  reasons <- reasons[reasons != "yes"]
  cells <- ifelse(table == "yes", "yes", paste0("[", match(table, reasons), "]"))
  page <- c(page, "", paste("##", title), "", paste0("| | ", paste(classes, collapse = " | "), " |"), paste0("|---|", strrep("---|", length(classes))))
  page <- c(page, vapply(verbs, function(verb) paste0("| `", verb, "()` | ", paste(cells[verb, ], collapse = " | "), " |"), ""))
  opened <- sub("^([a-z])([a-z]* )", "\\U\\1\\E\\2", reasons, perl = TRUE)  # not names of functions
  page <- c(page, "", paste0(seq_along(reasons), ". ", opened, ifelse(endsWith(reasons, "."), "", ".")))
}
to <- commandArgs(TRUE)
if (length(to)) writeLines(page, to) else writeLines(page)
