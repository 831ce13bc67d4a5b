# Generics of 'stats' whose default would answer for a class of this package: defined here, or refused with the reason.

fits <- c("sparse_mtl", "sparse_mtl_average", "mt_hal", "mixed_forms")
paths <- c("path_sparse_mtl", "path_mt_hal")
validations <- c("cv_sparse_mtl", "cv_mt_hal", "cv_mixed_forms")

selected_on_the_same_rows <- paste(
  "the features or functions were selected on the same rows, so the rows less the coefficients that are left are no residual",
  "degrees of freedom; $task_fit has the error of each task and cv_sparse_mtl(), cv_mt_hal() honest ones"
)
needs_least_squares <- paste(
  "it is about least squares with columns fixed in advance; fit lm() to the selected columns on other rows for that"
)
needs_likelihood <- "there is no likelihood with a count of parameters; compare settings by cross-validation"

# generic -> why no fit has it
refused_of_fits <- list(
  sigma = selected_on_the_same_rows, df.residual = selected_on_the_same_rows,
  AIC = needs_likelihood, BIC = needs_likelihood, extractAIC = needs_likelihood,
  anova = needs_likelihood, add1 = needs_likelihood, drop1 = needs_likelihood, profile = needs_likelihood,
  simulate = "the noise is not part of the model; draw it yourself and add it to predict()",
  alias = needs_least_squares, effects = needs_least_squares, proj = needs_least_squares,
  influence = needs_least_squares, hatvalues = needs_least_squares, cooks.distance = needs_least_squares,
  rstandard = needs_least_squares, rstudent = needs_least_squares, dfbeta = needs_least_squares,
  dfbetas = needs_least_squares, dummy.coef = "coef() has the coefficients of every contrast",
  model.tables = needs_least_squares, se.contrast = needs_least_squares, kernapply = needs_least_squares,
  model.frame = "the fit holds the columns made of the data, not the data; use model.frame(formula(fit), data)"
)

of_one_fit <- "it holds many fits; choose one with refit() and ask that"
refused_of_many <- c(
  "residuals", "fitted", "deviance", "logLik", "vcov", "confint", "weights", "terms", "family", "model.matrix",
  "variable.names", "case.names", "update", names(refused_of_fits)
)
not_a_fit <- "it is a comparison of methods, not a fit"
mixed_forms_has_no <- list(
  deviance = "its objective weighs three tables; glance() has it, and variance_explained the shares",
  logLik = "glance() has the objective, and cv_mixed_forms() compares dimensions",
  weights = "it takes no weights of rows",
  terms = "it has a formula per table; see formula()",
  model.matrix = "it has three tables; impute() returns them filled",
  family = "responses, features and random-effect data are all normal"
)

mt_hal_has_no <- list(
  terms = "h() is no function of R, so its formula has no terms object; formula() has it, variable.names() the columns"
)

average_has_no <- list(
  logLik = "a mean of fits at several settings maximises no likelihood; compare settings by cross-validation",
  update = "no call of sparse_mtl() makes it; update the cross-validation, and refit() that"
)

# generic, class, reason: all that is refused without a method of its own.
refusals <- function() {
  rbind(
    expand_refusals(refused_of_fits, fits), expand_refusals(mixed_forms_has_no, "mixed_forms"),
    expand_refusals(mt_hal_has_no, "mt_hal"), expand_refusals(average_has_no, "sparse_mtl_average"),
    expand_refusals(stats::setNames(rep(list(of_one_fit), length(refused_of_many)), refused_of_many), c(paths, validations)),
    expand_refusals(
      stats::setNames(rep(list(not_a_fit), length(refused_of_many) + 3L), c(refused_of_many, "coef", "predict", "nobs")),
      "compare_models"
    )
  )
}

expand_refusals <- function(reasons, classes) {
  data.frame(
    generic = rep(names(reasons), each = length(classes)), class = rep(classes, length(reasons)),
    reason = rep(unlist(reasons, use.names = FALSE), each = length(classes))
  )
}

refusal <- function(generic, class, reason) {
  force(generic)
  force(class)
  force(reason)
  function(...) {
    stop_sparsekin(
      generic, "() is not available for an object of class '", class, "': ", reason, ".", class = "sparsekin_Unavailable"
    )
  }
}

# Called when the package is loaded.
register_refusals <- function() {
  table <- refusals()
  stats <- asNamespace("stats")
  for (i in seq_len(nrow(table))) {
    method <- refusal(table$generic[i], table$class[i], table$reason[i])
    registerS3method(table$generic[i], table$class[i], method, envir = stats)
  }
}
