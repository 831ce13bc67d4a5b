# Generics of 'stats' whose default would answer for a class of this package: defined here, or refused with the reason.

fits <- c("sparse_mtl", "sparse_mtl_average", "mt_hal", "mixed_forms")
paths <- c("path_sparse_mtl", "path_mt_hal")
validations <- c("cv_sparse_mtl", "cv_mt_hal", "cv_mixed_forms")
judgements <- c("mtl_validation", "mtl_left_out", "mtl_knockoffs")
collections <- c("mtl_study", "mtl_imputed", "mtl_etable")

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
  "variable.names", "case.names", "simulate", "frequency", names(refused_of_fits)
)
not_a_fit <- "it is a comparison of methods, not a fit"
not_fits <- c(
  compare_models = not_a_fit, mtl_validation = "it is a fit judged on new rows, not a fit; ask the fit",
  mtl_left_out = "it is a judgement of a whole procedure, not a fit", mtl_knockoffs = "it is a selection of features, not a fit; ask a fit of sparse_mtl()",
  mtl_study = "it is a whole analysis, not a fit; ask its $fit", mtl_imputed = "it holds a fit per imputed data set; ask each of them",
  mtl_etable = "it is a table of fits; ask each of them"
)
# What not even the default of 'stats' knows of these, or what it would make of their parts.
refused_beside <- list(
  mtl_knockoffs = "update", mtl_imputed = "update", mtl_etable = c("formula", "nobs", "plot", "update")
)
mixed_forms_has_no <- list(
  sigma = "each table has noise of its own: residual_variance has that of each response",
  df.residual = "every row has codes that are estimated with the loadings; cv_mixed_forms() has honest errors",
  deviance = "its objective weighs three tables; glance() has it, and variance_explained the shares",
  logLik = "glance() has the objective, and cv_mixed_forms() compares dimensions",
  weights = "it takes no weights of rows",
  terms = "it has a formula per table; see formula()",
  model.matrix = "it has three tables; impute() returns them filled",
  family = "responses, features and random-effect data are all normal",
  frequency = "halves are drawn for fits of sparse_mtl() and mt_hal()",
  simulate = "it has noise in three tables; draw codes and noise yourself, from residual_variance"
)

mt_hal_has_no <- list(
  terms = "h() is no function of R, so its formula has no terms object; formula() has it, variable.names() the columns"
)

average_has_no <- list(
  frequency = "half-samples search at one setting, and an average has many: ask frequency(stability(fit$best_member)); $inclusion has the share of settings",
  logLik = "a mean of fits at several settings maximises no likelihood; compare settings by cross-validation",
  update = "no call of sparse_mtl() makes it; update the cross-validation, and refit() that"
)

# Verbs of this package and of 'generics' that some of our classes do not have; predictions for new rows are of a fit.
after_halves <- c("stability", "select_features", "heterogeneity", "band")
later <- c("hold_out", "validate", "knockoffs", "alternatives")
one_fit_already <- "it is one fit already; update() makes another, with other arguments"
no_halves_of_forms <- "halves are drawn for fits of sparse_mtl() and mt_hal()"
no_cut_of_curves <- paste(
  "a fit at the lambda of cross-validation takes in many sets of variables a little, so that no cut of their frequencies promises much;",
  "stability(fit)$stability has the frequencies, band() the curves"
)
refused_of_ours <- list(
  list(c("augment", "certify", "pvalues", "double_selection", after_halves, later), c(paths, validations), of_one_fit),
  list("certify", "mt_hal", "its objective is convex: glance() has the gap, the proven distance to the optimum"),
  list("certify", "mixed_forms", "nothing proves that its objective has no lower minimum; more starts search wider"),
  list(after_halves, "mixed_forms", no_halves_of_forms),
  list(c("select_features", "heterogeneity"), "mt_hal", no_cut_of_curves),
  list("band", c("sparse_mtl", "sparse_mtl_average"), "bands are of the curves of mt_hal(); slopes have confint(), after stability()"),
  list("double_selection", c("mt_hal", "mixed_forms"), "terms that are always in are of fits of sparse_mtl()"),
  list("stability", "sparse_mtl_average", "half-samples search at one setting, and an average has many; ask stability(fit$best_member)"),
  list("hold_out", "sparse_mtl_average", "an average has many settings; ask hold_out(fit$best_member)"),
  list(c("certify", "alternatives"), "sparse_mtl_average", "an average of several settings is no support that a search could improve; its $best_member is one"),
  list("double_selection", "sparse_mtl_average", "an average has many settings; ask double_selection(fit$best_member)"),
  list("hold_out", "mt_hal", "a fit holds only the functions it selects; refit(cv_mt_hal(...)) keeps what models without each fold say"),
  list("hold_out", "mixed_forms", "cv_mixed_forms(target = \"y\") holds rows out"),
  list("validate", "mixed_forms", "its outcomes are numbers, and several; augment(fit, newdata = ) has their residuals"),
  list("knockoffs", c("mt_hal", "mixed_forms"), "copies are of columns that are selected; give a fit of sparse_mtl(), or a formula"),
  list("alternatives", "mt_hal", "its problem is convex: other choices of functions are those at other lambdas, see path_mt_hal()"),
  list("alternatives", "mixed_forms", "it selects no columns: all have loadings"),
  list("glance", "mtl_etable", "it is a table of fits; ask each of them"),
  list("refit", fits, one_fit_already),
  list("refit", "compare_models", "it is a comparison of methods; fit the one you choose, by sparse_mtl(), cv_sparse_mtl() or mt_hal()")
)

refusals_of_ours <- function() {
  ours <- c("augment", "certify", "pvalues", "double_selection", after_halves, later)
  rows <- lapply(names(not_fits), function(class) list(setdiff(c(ours, "refit"), methods_of(class)), class, not_fits[[class]]))
  # The last refusal of two counts.
  do.call(rbind, lapply(c(rows, refused_of_ours), function(row) {
    data.frame(expand.grid(generic = row[[1L]], class = row[[2L]], stringsAsFactors = FALSE), reason = row[[3L]])
  }))
}

# generic, class, reason: all that is refused without a method of its own.
refusals <- function() {
  rbind(
    expand_refusals(refused_of_fits, fits), expand_refusals(mixed_forms_has_no, "mixed_forms"),
    expand_refusals(mt_hal_has_no, "mt_hal"), expand_refusals(average_has_no, "sparse_mtl_average"),
    expand_refusals(stats::setNames(rep(list(of_one_fit), length(refused_of_many)), refused_of_many), c(paths, validations)),
    do.call(rbind, lapply(names(not_fits), function(class) {
      generics <- setdiff(c(refused_of_many, "coef", "predict", refused_beside[[class]]), methods_of(class))
      expand_refusals(stats::setNames(rep(list(not_fits[[class]]), length(generics)), generics), class)
    })), refusals_of_ours()
  )
}

# The generics that have a method for a class.
methods_of <- function(class) {
  ending <- paste0(".", class)
  found <- ls(topenv())
  sub(ending, "", found[endsWith(found, ending)], fixed = TRUE)
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
    ours <- table$generic[i] %in% c("augment", "certify", "double_selection", "glance", "pvalues", "refit", "stability", after_halves, later)
    registerS3method(table$generic[i], table$class[i], method, envir = if (ours) here else asNamespace("stats"))
  }
}
