# Every generic of stats, for every class: right, or refused with the reason. A default of another package never answers.

generics_of_stats <- c(
  "add1", "AIC", "alias", "anova", "BIC", "case.names", "coef", "confint", "cooks.distance", "deviance", "df.residual", "dfbeta",
  "dfbetas", "drop1", "dummy.coef", "effects", "extractAIC", "family", "fitted", "formula", "frequency", "hatvalues", "influence", "logLik",
  "model.frame", "model.matrix", "model.tables", "nobs", "predict", "profile", "proj", "residuals", "rstandard", "rstudent",
  "se.contrast", "sigma", "simulate", "terms", "variable.names", "vcov", "weights"
)
# What is there for a class; everything else must be refused on purpose.
there <- list(
  sparse_mtl = c(
    "case.names", "coef", "deviance", "family", "fitted", "formula", "model.matrix", "nobs", "predict", "residuals", "simulate", "terms",
    "variable.names", "weights"
  ),
  sparse_mtl_average = c(
    "case.names", "coef", "deviance", "family", "fitted", "formula", "model.matrix", "nobs", "predict", "residuals", "simulate", "terms",
    "variable.names", "weights"
  ),
  mt_hal = c(
    "case.names", "coef", "deviance", "family", "fitted", "formula", "model.matrix", "nobs", "predict", "residuals",
    "simulate", "variable.names", "weights"
  ),
  mixed_forms = c(
    "case.names", "coef", "confint", "fitted", "formula", "nobs", "predict", "residuals", "variable.names"
  ),
  path_sparse_mtl = c("coef", "formula", "nobs", "predict"), path_mt_hal = c("coef", "formula", "nobs", "predict"),
  cv_sparse_mtl = c("coef", "formula", "nobs", "predict"), cv_mt_hal = c("coef", "formula", "nobs", "predict"),
  cv_mixed_forms = c("coef", "formula", "nobs", "predict"), cv_dial = c("coef", "formula", "nobs", "predict"), compare_models = c("formula", "nobs"),
  mtl_validation = c("formula", "nobs"), mtl_left_out = c("formula", "nobs"), mtl_knockoffs = c("formula", "nobs"),
  mtl_study = c("formula", "nobs"), mtl_imputed = c("coef", "formula", "frequency", "nobs"), mtl_etable = character()
)

test_that("each generic of stats answers for each class, or says why not", {
  skip_without_core()
  all <- fits_of_all()
  for (class in names(all)) for (generic in generics_of_stats) {
    ask <- get(generic, asNamespace("stats"))
    arguments <- list(all[[class]])
    if (startsWith(class, "path_") && generic %in% c("coef", "predict")) arguments$at <- 2
    if (generic == "confint") arguments$n <- 5
    if (generic == "confint" && class != "mixed_forms") arguments$n <- NULL
    # As a user asks: methods are found in the registers of generics, not in the namespace that tests are run in.
    answer <- tryCatch(suppressWarnings(do.call(ask, arguments, envir = globalenv())), error = identity)
    about <- paste(generic, class)
    if (generic %in% there[[class]]) {
      expect_false(inherits(answer, "error"), info = paste(about, if (inherits(answer, "error")) conditionMessage(answer)))
      if (generic != "weights") expect_false(is.null(answer), info = about)
    } else {
      expect_s3_class(answer, "sparsekin_Unavailable")
      if (!inherits(answer, "sparsekin_Unavailable")) fail(paste(about, "was answered"))
    }
  }
})

test_that("no refusal stands in the way of a method", {
  table <- refusals()
  methods <- paste(table$generic, table$class, sep = ".")
  expect_identical(methods[vapply(methods, exists, NA, envir = asNamespace("sparsekin"), inherits = FALSE)], character())
})

test_that("each verb of this package answers for each class, or says why not", {
  skip_without_core()
  all <- fits_of_all()
  fits <- c("sparse_mtl", "sparse_mtl_average", "mt_hal", "mixed_forms")
  there <- list(
    tidy = names(all), glance = setdiff(names(all), "mtl_etable"), augment = c(fits, "mtl_left_out"), refit = grep("^(path|cv)_", names(all), value = TRUE),
    certify = "sparse_mtl", pvalues = character(), stability = c("sparse_mtl", "mt_hal"), band = character(), select_features = character(), heterogeneity = character(),
    hold_out = "sparse_mtl", validate = c("sparse_mtl", "sparse_mtl_average", "mt_hal"), knockoffs = character(),
    alternatives = "sparse_mtl", double_selection = character(), impute = "mixed_forms", translate = "mixed_forms"
  )
  for (verb in names(there)) for (class in names(all)) {
    arguments <- list(all[[class]])
    if (startsWith(class, "path_") && verb == "refit") arguments$at <- 2
    if (verb == "validate") arguments$newdata <- transform(mtcars, cyl = factor(cyl))
    if (verb == "alternatives") arguments$time_limit <- 1
    answer <- tryCatch(do.call(get(verb, asNamespace("sparsekin")), arguments, envir = globalenv()), error = identity)
    about <- paste(verb, class)
    if (class %in% there[[verb]]) {
      expect_false(inherits(answer, "error"), info = about)
    } else if (verb == "knockoffs" && startsWith(class, "sparse_mtl")) {
      expect_match(conditionMessage(answer), "has 19 complete rows", info = about) # test-second_opinion.R has more
    } else if (verb %in% c("impute", "translate")) {
      expect_match(conditionMessage(answer), "is for fits of mixed_forms()", fixed = TRUE, info = about)
    } else {
      expect_true(inherits(answer, "sparsekin_Unavailable"), info = about)
    }
  }
})

test_that("every tidy() has the names of broom for standard errors, intervals and p-values", {
  skip_without_core()
  all <- fits_of_all()
  all$sure <- stability(all$sparse_mtl, pairs = 10, rng = 1)
  all$sure_hal <- stability(all$mt_hal, pairs = 10, rng = 1)
  all$etable <- etable(all$sure, heldout = TRUE)
  all$kept <- suppressWarnings(pool_imputed(lapply(1:2, function(i) sparse_mtl(mpg ~ wt + hp + qsec, mtcars, "am", s = 1, keep = "qsec")), folds = 2))
  for (name in names(all)) {
    expect_identical(grep("^(std|conf|p)_(error|low|high|value|adjusted)|_se$", names(tidy(all[[name]])), value = TRUE), character(), info = name)
  }
})

test_that("summaries and prints of all classes are short", {
  skip_without_core()
  all <- fits_of_all()
  for (class in names(all)) for (shown in list(all[[class]], summary(all[[class]]))) {
    lines <- utils::capture.output(do.call(print, list(shown), envir = globalenv()))
    expect_lt(length(lines), 75)
    expect_false(any(grepl("^\\$", lines)), info = class(shown)[1L])
  }
})

test_that("update() makes a cross-validation, path or comparison again, with other arguments", {
  skip_without_core()
  all <- fits_of_all()
  assign("cars", transform(mtcars, cyl = factor(cyl)), envir = globalenv())
  on.exit(rm("cars", envir = globalenv()))
  again <- function(object, ...) do.call(stats::update, list(object, ...), envir = globalenv())
  for (class in c("cv_sparse_mtl", "cv_dial", "cv_mt_hal", "cv_mixed_forms")) {
    expect_equal(tidy(again(all[[class]])), tidy(all[[class]]), info = class, tolerance = 1e-6)
  }
  expect_equal(again(all$cv_sparse_mtl, folds = 4)$state$n_folds, 4)
  expect_identical(nrow(again(all$path_sparse_mtl, s = 1)$table), 2L)
  expect_identical(nrow(again(all$path_mt_hal, n_lambda = 3)$table), 3L)
  expect_identical(nrow(again(all$compare_models, folds = 4)$per_fold), 4L)
})

test_that("what a message advises about new rows is an argument of the verb that says it", {
  skip_without_core()
  all <- fits_of_all()
  rows <- transform(mtcars[1:4, ], cyl = factor(cyl))
  rows$am <- NULL
  for (class in setdiff(names(all), c("compare_models", "mixed_forms", "cv_mixed_forms", judgements, collections))) for (verb in c("predict", "augment")) {
    if (verb == "augment" && !class %in% c("sparse_mtl", "sparse_mtl_average", "mt_hal")) next
    ask <- function(...) {
      at <- if (startsWith(class, "path_")) list(at = 2)
      do.call(if (verb == "augment") augment else predict, c(list(all[[class]], newdata = rows), at, list(...)), envir = globalenv())
    }
    expect_error(ask(), "add the column 'am', pass task = ... or use how = \"mean\"", fixed = TRUE, info = paste(verb, class))
    expect_identical(NROW(ask(how = "mean")), 4L, info = paste(verb, class))
    expect_identical(NROW(ask(task = 1)), 4L, info = paste(verb, class))
  }
  fit <- all$sparse_mtl
  known <- augment(fit, newdata = rows, how = "mean", labelled = rows)
  expect_equal(known$.fitted, unname(predict(fit, rows, how = "mean", labelled = rows)))
  expect_equal(known$.resid, rows$mpg - known$.fitted)
  expect_equal(
    predict(all$path_sparse_mtl, rows, at = 2, how = "pooled"), predict(refit(all$path_sparse_mtl, 2), rows, how = "pooled")
  )
  expect_error(augment(fit, how = "mean"), "how is about newdata", class = "sparsekin_OptionError")
  expect_error(predict(fit, rows, how = "mean", labelled = rows[-1L]), "The labelled rows lack their outcome, 'mpg'.", fixed = TRUE)
})

test_that("no rows are predicted as no rows", {
  skip_without_core()
  all <- fits_of_all()
  none <- transform(mtcars, cyl = factor(cyl))[0L, ]
  for (class in c("sparse_mtl", "sparse_mtl_average", "mt_hal", "mixed_forms")) {
    expect_identical(NROW(predict(all[[class]], none)), 0L, info = class)
    expect_identical(nrow(augment(all[[class]], newdata = none)), 0L, info = class)
  }
  expect_identical(dim(predict(all$mixed_forms, none, type = "codes")), c(0L, 2L))
  expect_identical(dim(translate(all$mixed_forms, none)), c(0L, 2L))
})

test_that("a refusal is about the object that was asked", {
  skip_without_core()
  all <- fits_of_all()
  for (class in names(all)) for (generic in c("sigma", "AIC", "hatvalues")) {
    message <- tryCatch(get(generic, asNamespace("stats"))(all[[class]]), error = conditionMessage)
    expect_match(message, paste0(generic, "() is not available for an object of class '", class, "'"), fixed = TRUE)
    expect_identical(grepl("a comparison of methods", message), class == "compare_models")
    expect_identical(grepl("it holds many fits", message), grepl("^(path|cv)_", class))
  }
  expect_match(tryCatch(stats::sigma(all$sparse_mtl), error = conditionMessage), "selected on the same rows")
})

test_that("what is there is right", {
  skip_without_core()
  cars <- transform(mtcars, w = wt / 2)
  fit <- sparse_mtl(mpg ~ hp + qsec + drat, cars, s = 3, weights = "w")
  plain <- lm(mpg ~ hp + qsec + drat, cars, weights = w)
  expect_equal(weights(fit), setNames(cars$w, rownames(cars)))
  expect_equal(unname(model.matrix(fit)), unname(model.matrix(plain)), ignore_attr = TRUE)
  expect_equal(model.matrix(fit) %*% coef(fit), as.matrix(fitted(fit)), ignore_attr = TRUE)
  expect_equal(deviance(fit), deviance(plain))
  expect_identical(variable.names(fit), variable.names(plain))
  expect_identical(case.names(fit), case.names(plain))
  expect_identical(family(fit)$family, "gaussian")
  expect_null(weights(sparse_mtl(mpg ~ hp, cars, s = 1)))
  hal <- mt_hal(mpg ~ h(wt, hp) + qsec, cars, "am", lambda = 0.2)
  products <- model.matrix(hal) %*% coef(hal)
  expect_equal(unname(products[cbind(1:32, cars$am + 1)]), unname(fitted(hal)))
  binary <- mt_hal(vs ~ h(wt), cars, lambda = 0.02, family = "binomial")
  expect_identical(family(binary)$family, "binomial")
})

test_that("a choice of a cross-validation or path answers as its refit does", {
  skip_without_core()
  all <- fits_of_all()
  new <- transform(mtcars[1:4, ], cyl = factor(cyl))
  for (class in grep("^cv_", names(all), value = TRUE)) {
    for (which in c("best", "1se")) {
      fit <- refit(all[[class]], which)
      expect_equal(coef(all[[class]], which), coef(fit))
      expect_equal(predict(all[[class]], new, which = which), predict(fit, new))
    }
    expect_identical(nobs(all[[class]]), nobs(fit))
    expect_output(print(summary(all[[class]])), "best")
    expect_identical(nrow(glance(all[[class]])), 1L)
  }
  for (class in grep("^path_", names(all), value = TRUE)) {
    fit <- refit(all[[class]], 2)
    expect_equal(coef(all[[class]], 2), coef(fit))
    expect_equal(predict(all[[class]], new, at = 2), predict(fit, new))
    expect_output(print(summary(all[[class]])), "settings|lambdas")
    expect_identical(nrow(glance(all[[class]])), 1L)
  }
  draw(all$compare_models)
  expect_output(print(summary(all$compare_models)), "Per fold")
  expect_identical(nrow(glance(all$compare_models)), 1L)
})

test_that("rows of weight 0 are counted nowhere, as in lm(), but have fitted values", {
  skip_without_core()
  cars <- transform(mtcars, w = rep(c(0, 1, 2, 0.5), 8L))
  cars$wt[2L] <- NA
  peer <- lm(mpg ~ wt + hp, cars, weights = w)
  lines <- list(mpg ~ wt + hp, cars, "am", weights = "w", missing = "drop")
  curves <- list(mpg ~ h(wt), cars, "am", weights = "w", missing = "drop")
  cv <- list(folds = 3, rng = 1)
  all <- list(
    do.call(sparse_mtl, c(lines, s = 1)), do.call(path_sparse_mtl, c(lines, s = 1, lambda_z = 0)),
    do.call(cv_sparse_mtl, c(lines, s = 1, lambda_z = 0, cv)), do.call(compare_models, c(lines, s = 1, lambda_z = 0, cv)),
    do.call(mt_hal, c(curves, lambda = 0.3)), do.call(path_mt_hal, c(curves, n_lambda = 3)),
    do.call(cv_mt_hal, c(curves, n_lambda = 3, cv)), sparse_mtl(cbind(mpg, qsec) ~ wt + hp, cars, s = 1, weights = w, missing = "drop")
  )
  for (object in all) {
    expect_equal(nobs(object), nobs(peer), info = class(object))
    expect_equal(glance(object)$nobs, nobs(peer), info = class(object))
    if (!inherits(object, "compare_models")) expect_output(print(object), "23 rows (1 dropped, 8 of weight 0)", fixed = TRUE)
  }
  for (fit in all[c(1L, 5L)]) {
    expect_length(fitted(fit), length(fitted(peer)))
    expect_equal(unname(weights(fit)), weights(peer))
    expect_identical(nrow(augment(fit)), length(fitted(peer)))
    expect_output(print(summary(fit)), "1 of 32 rows dropped")
  }
})

test_that("no method swallows an argument it does not have", {
  skip_without_core()
  all <- fits_of_all()
  methods <- asNamespace("sparsekin")
  pattern <- paste0("\\.(", paste(names(all), collapse = "|"), ")$")
  asked <- 0
  for (name in setdiff(grep(pattern, ls(methods), value = TRUE), c("knit_print.mtl_etable", "as.data.frame.mtl_etable"))) { # given every option of a chunk, of data.frame()
    method <- get(name, methods)
    if (!"..." %in% names(formals(method))) next
    object <- all[[sub(paste0(".*", pattern), "\\1", name)]]
    if (grepl("summary\\.", name)) object <- summary(object)
    expect_error(method(object, nonsense = 1), "has no argument 'nonsense'", class = "sparsekin_OptionError", info = name)
    asked <- asked + 1
  }
  expect_gt(asked, 60)
})

test_that("a table of fits is not drawn", {
  skip_without_core()
  table <- etable(sparse_mtl(mpg ~ wt, mtcars, s = 1))
  expect_error(plot(table), "it is a table of fits", class = "sparsekin_Unavailable")
  expect_identical(data.frame(table)$term, as.data.frame(table)$term)
})

test_that("an argument without a default that is left out is told of by name", {
  skip_without_core()
  expect_error(sparse_mtl(mpg ~ wt, mtcars), "sparse_mtl() needs s, which has no default (cv_sparse_mtl() chooses it).", fixed = TRUE, class = "sparsekin_OptionError")
  expect_error(mt_hal(mpg ~ h(wt)), "mt_hal() needs data, which has no default.", fixed = TRUE)
  fit <- sparse_mtl(mpg ~ wt, mtcars, s = 1)
  expect_error(validate(fit), "validate() needs newdata", fixed = TRUE)
  curves <- stability(mt_hal(mpg ~ h(wt), mtcars, lambda = 0.3), pairs = 10, rng = 1)
  expect_error(band(curves), "band() needs variable", fixed = TRUE)
})

test_that("a near miss is suggested", {
  skip_without_core()
  fit <- sparse_mtl(mpg ~ wt + hp, mtcars, "am", s = 1)
  cv <- cv_sparse_mtl(mpg ~ wt + hp, mtcars, "am", s = 1:2, lambda_z = 0, folds = 3, rng = 1, lambda_1 = 0, lambda_2 = 0)
  expect_error(predict(fit, newx = mtcars), "predict() has no argument 'newx' here; it takes object", fixed = TRUE)
  expect_error(predict(fit, newx = mtcars), "Did you mean 'newdata'?", fixed = TRUE)
  expect_error(refit(cv, rule = "1se"), "Did you mean 'which'?", fixed = TRUE)
  expect_error(certify(fit, timelimit = 1), "Did you mean 'time_limit'?", fixed = TRUE)
  expect_error(print(fit, 3), "without a name")
})

test_that("update() changes a fit and a refit", {
  skip_without_core()
  cars <- mtcars
  fit <- sparse_mtl(mpg ~ wt + hp + qsec, cars, "am", s = 1)
  expect_equal(coef(update(fit, s = 2)), coef(sparse_mtl(mpg ~ wt + hp + qsec, cars, "am", s = 2)))
  expect_equal(coef(update(fit, . ~ . - qsec)), coef(sparse_mtl(mpg ~ wt + hp, cars, "am", s = 1)))
  settings <- list(s = 1:2, lambda_1 = 0.1, lambda_z = c(0, 1), folds = 3, rng = 1, lambda_2 = 0)
  cv <- quiet_edge(do.call(cv_sparse_mtl, c(list(mpg ~ wt + hp + qsec, quote(cars), "am"), settings)))
  chosen <- refit(cv, "1se")
  expect_equal(coef(update(chosen)), coef(chosen))
  expect_equal(coef(update(chosen, lambda_1 = 3)), coef(sparse_mtl(
    mpg ~ wt + hp + qsec, cars, "am", s = chosen$s[[1]], lambda_1 = 3, lambda_z = chosen$lambda_z
  )))
  expect_output(print(chosen), "chosen by refit(object = cv, which = \"1se\")", fixed = TRUE)
  hal <- refit(cv_mt_hal(mpg ~ h(wt), cars, "am", n_lambda = 5, folds = 3, rng = 1))
  expect_equal(coef(update(hal)), coef(hal), tolerance = 1e-5)
  forms <- refit(cv_mixed_forms(mpg + qsec ~ wt + hp + disp, cars, "cyl", d = 1:2, folds = 3, rng = 1))
  expect_equal(coef(update(forms)), coef(forms), tolerance = 1e-6)
})
