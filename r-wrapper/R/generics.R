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
  "variable.names", "case.names", names(refused_of_fits)
)
not_a_fit <- "it is a comparison of methods, not a fit"
mixed_forms_has_no <- list(
  sigma = "each table has noise of its own: residual_variance has that of each response",
  df.residual = "every row has codes that are estimated with the loadings; cv_mixed_forms() has honest errors",
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

# Verbs of this package and of 'generics' that some of our classes do not have; predictions for new rows are of a fit.
after_halves <- c("stability", "select_features", "heterogeneity")
one_fit_already <- "it is one fit already; update() makes another, with other arguments"
halves_are_of_lines <- "halves are drawn for fits of sparse_mtl()"
refused_of_ours <- list(
  list("augment", c(paths, validations), of_one_fit), list("augment", "compare_models", not_a_fit),
  list("certify", c(paths, validations), of_one_fit), list("certify", "compare_models", not_a_fit),
  list("certify", "mt_hal", "its objective is convex: glance() has the gap, the proven distance to the optimum"),
  list("certify", "mixed_forms", "nothing proves that its objective has no lower minimum; more starts search wider"),
  list("pvalues", c(paths, validations), of_one_fit), list("pvalues", "compare_models", not_a_fit),
  list(after_halves, c(paths, validations), of_one_fit), list(after_halves, "compare_models", not_a_fit),
  list(after_halves, c("mt_hal", "mixed_forms"), halves_are_of_lines),
  list("double_selection", c(paths, validations), of_one_fit), list("double_selection", "compare_models", not_a_fit),
  list("double_selection", c("mt_hal", "mixed_forms"), "terms that are always in are of fits of sparse_mtl()"),
  list("double_selection", "sparse_mtl_average", "an average has many settings; ask double_selection(fit$best_member)"),
  list("refit", fits, one_fit_already),
  list("refit", "compare_models", "it is a comparison of methods; fit the one you choose, by sparse_mtl(), cv_sparse_mtl() or mt_hal()")
)

refusals_of_ours <- function() {
  do.call(rbind, lapply(refused_of_ours, function(row) {
    data.frame(expand.grid(generic = row[[1L]], class = row[[2L]], stringsAsFactors = FALSE), reason = row[[3L]])
  }))
}

# generic, class, reason: all that is refused without a method of its own.
refusals <- function() {
  rbind(
    expand_refusals(refused_of_fits, fits), expand_refusals(mixed_forms_has_no, "mixed_forms"),
    expand_refusals(mt_hal_has_no, "mt_hal"), expand_refusals(average_has_no, "sparse_mtl_average"),
    expand_refusals(stats::setNames(rep(list(of_one_fit), length(refused_of_many)), refused_of_many), c(paths, validations)),
    expand_refusals(
      stats::setNames(rep(list(not_a_fit), length(refused_of_many) + 2L), c(refused_of_many, "coef", "predict")), "compare_models"
    ), refusals_of_ours()
  )
}

expand_refusals <- function(reasons, classes) {
  data.frame(
    generic = rep(names(reasons), each = length(classes)), class = rep(classes, length(reasons)),
    reason = rep(unlist(reasons, use.names = FALSE), each = length(classes))
  )
}

refusal <- function(generic, reason) {
  force(generic)
  force(reason)
  function(...) {
    stop_sparsekin(
      generic, "() is not available for an object of class '", class(..1)[1L], "': ", reason, ".", class = "sparsekin_Unavailable"
    )
  }
}

# Called when the package is loaded.
register_refusals <- function() {
  table <- refusals()
  here <- topenv()
  for (i in seq_len(nrow(table))) {
    method <- refusal(table$generic[i], table$reason[i])
    ours <- table$generic[i] %in% c("augment", "certify", "double_selection", "pvalues", "refit", after_halves)
    registerS3method(table$generic[i], table$class[i], method, envir = if (ours) here else asNamespace("stats"))
  }
}
