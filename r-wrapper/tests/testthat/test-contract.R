# One contract for the three estimators: siblings have the same verbs, with the same names of arguments.

contract <- list(
  fit = list(
    classes = fits, verbs = c("print", "summary", "coef", "predict", "fitted", "residuals", "nobs", "formula", "update", "tidy",
                              "glance", "augment", "plot", "autoplot", "pvalues", "vcov", "confint")
  ),
  path = list(classes = paths, verbs = c("print", "summary", "coef", "predict", "nobs", "formula", "tidy", "glance", "plot", "autoplot", "refit")),
  validation = list(
    classes = c(validations, "cv_dial"), verbs = c("print", "summary", "coef", "predict", "nobs", "formula", "tidy", "glance", "plot", "autoplot", "refit")
  ),
  comparison = list(classes = c("compare_models", judgements), verbs = c("print", "summary", "nobs", "formula", "tidy", "glance", "plot", "autoplot"))
)
inherited <- c(sparse_mtl_average = "sparse_mtl", cv_dial = "cv_sparse_mtl")  # what a class has no method of its own for, it has of this one
shared_arguments <- list(
  fit = list(predict = c("object", "newdata"), augment = c("x", "data", "newdata")),
  path = list(coef = "at", predict = c("newdata", "at", "task"), refit = "at"),
  validation = list(coef = "which", predict = c("newdata", "which"), refit = "which")
)

test_that("siblings have the same verbs, with the same names of arguments", {
  here <- asNamespace("sparsekin")
  for (kind in names(contract)) for (class in contract[[kind]]$classes) {
    for (verb in setdiff(contract[[kind]]$verbs, "update")) {
      of <- function(class) get0(paste0(verb, ".", class), here, mode = "function", inherits = FALSE)
      method <- of(class)
      if (is.null(method) && class %in% names(inherited)) method <- of(inherited[[class]])
      expect_true(is.function(method), info = paste(verb, class))
      wanted <- shared_arguments[[kind]][[verb]]
      expect_true(all(wanted %in% names(formals(method))), info = paste(verb, class))
    }
  }
  expect_setequal(unlist(lapply(contract, `[[`, "classes")), our_classes)
})

test_that("what is there is data of one shape for all siblings", {
  skip_without_core()
  all <- fits_of_all()
  for (class in setdiff(names(all), "mtl_etable")) {
    expect_s3_class(tidy(all[[class]]), "data.frame")
    expect_identical(nrow(glance(all[[class]])), 1L, info = class)
    expect_identical(as.integer(nobs(all[[class]])), 32L, info = class)
    expect_identical(glance(all[[class]])$nobs, nobs(all[[class]]), info = class)
    expect_s3_class(formula(all[[class]]), "formula")
    expect_output(print(summary(all[[class]])))
  }
})
