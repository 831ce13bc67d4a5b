# Packages of others: where one is not installed, its test is skipped (tools/setup_r.sh installs what Debian has).

skip_if_not(core_available())
skip_without <- function(...) for (package in c(...)) skip_if_not_installed(package)

wards <- function() {
  data <- make_studies()
  data$ill <- as.integer(data$y > 0)
  data
}

test_that("insight is told the formula with the task, data, parameters and predictions", {
  skip_without("insight")
  data <- wards()
  fit <- sparse_mtl(y ~ x1 + x2 + group, data, "site", s = 2, keep = "x1")
  expect_identical(deparse(insight::find_formula(fit)$conditional), "y ~ site * (x1 + x2 + group)")
  expect_setequal(insight::find_predictors(fit, flatten = TRUE), c("site", "x1", "x2", "group"))
  expect_identical(insight::find_response(fit), "y")
  expect_identical(insight::find_parameters(fit)$conditional, rownames(coef(fit)))
  expect_identical(insight::get_data(fit), data[c("y", "site", "x1", "x2", "group")])
  found <- insight::get_parameters(fit)
  expect_identical(found$Estimate[found$Response == "south"], unname(coef(fit)[, "south"]))
  expect_equal(insight::get_predicted(fit, data = data[1:5, ]), predict(fit, data[1:5, ]))
  expect_true(insight::model_info(fit)$is_linear)
  expect_identical(insight::n_obs(fit), 120L)
  expect_error(insight::get_varcov(fit), class = "sparsekin_Unavailable")
  odds <- sparse_mtl(ill ~ x1 + x2, data, "site", s = 1, family = binomial)
  expect_true(insight::model_info(odds)$is_binomial)
  expect_equal(insight::get_predicted(odds, data = data, predict = "link"), predict(odds, data, type = "link"))
  expect_equal(insight::link_inverse(odds)(0), 0.5)
  curve <- mt_hal(y ~ h(x1), data, "site", lambda = 0.3)
  expect_setequal(insight::find_predictors(curve, flatten = TRUE), c("site", "x1"))
  expect_equal(insight::get_predicted(curve, data = data), predict(curve, data))
})

test_that("data that are gone, or are others, are not taken for those of the fit", {
  skip_without("insight")
  data <- wards()
  fit <- sparse_mtl(y ~ x1 + x2, data, "site", s = 1)
  data <- data[-1L, ]
  expect_error(insight::get_data(fit), "119 rows, but the fit used rows of a data frame of 120", class = "sparsekin_DataError")
  data <- transform(wards(), x1 = rev(x1))
  expect_error(insight::get_data(fit), "does not hold the rows of the fit", class = "sparsekin_DataError")
  rm(data)
  expect_error(insight::get_data(fit), "are no longer there", class = "sparsekin_DataError")
})

test_that("parameters and performance have estimates; without half-samples no standard errors", {
  skip_without("parameters", "performance")
  data <- wards()
  fit <- sparse_mtl(y ~ x1 + x2 + x3, data, "site", s = 2)
  found <- parameters::model_parameters(fit)
  expect_identical(names(found), c("Parameter", "Response", "Coefficient"))
  expect_equal(found$Coefficient, with(tidy(fit), estimate[selected]))
  sure <- parameters::model_parameters(stability(fit, pairs = 10, rng = 1))
  expect_true(all(c("SE", "CI_low", "CI_high", "p") %in% names(sure)))
  expect_equal(unname(performance::r2(fit)$R2), glance(fit)$r.squared)
  expect_equal(performance::model_performance(fit)$RMSE, glance(fit)$rmse)
  expect_equal(performance::rmse(fit), glance(fit)$rmse)
  by_task <- vapply(split(residuals(fit), data$site), function(r) sqrt(mean(r^2)), 1)
  expect_equal(performance::rmse(fit), mean(by_task))
  expect_equal(performance::mae(fit), mean(vapply(split(abs(residuals(fit)), data$site), mean, 1)))
  weighted <- sparse_mtl(y ~ x1 + x2, data[-(1:40), ], "site", s = 1, weights = w)
  errors <- split(data.frame(error = abs(residuals(weighted)), w = data$w[-(1:40)]), data$site[-(1:40)])
  expect_equal(performance::mae(weighted), mean(vapply(errors, function(task) weighted.mean(task$error, task$w), 1)))
  several <- sparse_mtl(cbind(y, x3) ~ x1 + x2, data, s = 1)
  expect_equal(performance::mae(several), mean(colMeans(abs(residuals(several)))))
  curve <- mt_hal(y ~ h(x1) + x2, data, "site", lambda = 0.3)
  expect_identical(parameters::model_parameters(curve)$Coefficient, tidy(curve)$estimate)
  expect_equal(performance::rmse(curve), glance(curve)$rmse)
})

test_that("standard errors, p-values and intervals of 'parameters' are held out, or refused with the reason", {
  skip_without("parameters")
  data <- wards()
  data$race <- data$site  # a task name is no name of a standard error
  fit <- sparse_mtl(y ~ x1 + x2 + x3, data, "race", s = 2, keep = "x3")
  for (verb in c("standard_error", "p_value", "ci")) {
    ask <- getExportedValue("parameters", verb)
    expect_error(ask(fit), "stability\\(fit\\), then confint\\(\\), pvalues\\(\\) and tidy\\(\\)", class = "sparsekin_Unavailable")
  }
  sure <- stability(fit, pairs = 10, rng = 1)
  rows <- tidy(sure)[tidy(sure)$selected, ]
  errors <- parameters::standard_error(sure)
  expect_identical(errors, data.frame(Parameter = rows$term, SE = rows$std.error, Response = rows$task))
  one <- errors[errors$Parameter == "x1" & errors$Response == "south", ]
  expect_identical(one$SE, sure$stability$se["x1", "south"])
  expect_identical(parameters::p_value(sure)$p, rows$p.value)
  ends <- parameters::ci(sure, ci = c(0.95, 0.8))
  expect_identical(ends$CI_low[ends$CI == 0.95], rows$conf.low)
  cells <- ends[ends$CI == 0.8 & ends$Parameter == "x1", ]
  expect_equal(unname(cbind(cells$CI_low, cells$CI_high)), unname(confint(sure, "x1", level = 0.8)))
  curve <- mt_hal(y ~ h(x1), data, "race", lambda = 0.3)
  expect_error(parameters::standard_error(curve), "band\\(\\) and plot\\(\\) of that", class = "sparsekin_Unavailable")
})

test_that("model_parameters() of half-samples is of held-out estimates and says so; ratios on request, else nothing is passed over", {
  skip_without("parameters")
  data <- wards()
  odds <- sparse_mtl(ill ~ x1 + x2 + x3, data, "site", s = 2, lambda_1 = 0.01, family = binomial, keep = "x3")
  plain <- parameters::model_parameters(odds)
  ratios <- parameters::model_parameters(odds, exponentiate = TRUE)
  expect_equal(ratios$Coefficient, exp(plain$Coefficient))
  expect_match(attr(ratios, "table_footer"), "ratios")
  expect_identical(parameters::model_parameters(odds, exponentiate = "nongaussian"), ratios)
  fit <- sparse_mtl(y ~ x1 + x2 + x3, data, "site", s = 2)
  expect_error(parameters::model_parameters(fit, exponentiate = TRUE), "not for gaussian", class = "sparsekin_OptionError")
  expect_error(parameters::model_parameters(fit, exponentiate = "yes"), "exponentiate = \"yes\"", class = "sparsekin_OptionError")
  expect_error(parameters::model_parameters(fit, standardize = "refit"), "not 'standardize'", class = "sparsekin_OptionError")
  sure <- stability(odds, pairs = 10, rng = 1)
  table <- parameters::model_parameters(sure)
  rows <- tidy(sure)[tidy(sure)$selected, ]
  candidate <- rows$kind == "candidate"
  expect_identical(table$Coefficient[candidate], rows$estimate_heldout[candidate])
  expect_identical(table$Coefficient[!candidate], rows$estimate[!candidate])
  expect_equal((table$CI_low + table$CI_high)[candidate] / 2, table$Coefficient[candidate])
  expect_output(print(table), "Coefficients of candidates are means over half-samples")
  risen <- parameters::model_parameters(sure, exponentiate = TRUE)
  expect_equal(risen$Coefficient, exp(table$Coefficient))
  expect_equal(risen$CI_low, exp(table$CI_low))
  expect_false("CI_low" %in% names(parameters::model_parameters(sure, ci = NULL)))
})

test_that("rmse() of other outcomes and model_info() of several families are refused with the reason", {
  skip_without("performance", "insight", "survival")
  data <- wards()
  data$time <- exp(data$x1)
  mixed <- sparse_mtl(cbind(y, ill) ~ x1 + x2, data, s = 1, family = c("gaussian", "binomial"))
  hazards <- sparse_mtl(survival::Surv(time, ill) ~ x1 + x2, data, "site", s = 1, family = "cox")
  for (fit in list(mixed, hazards)) {
    expect_error(performance::performance_mse(fit), "rmse\\(\\) is for gaussian outcomes", class = "sparsekin_Unavailable")
    expect_error(performance::performance_mae(fit), "mae\\(\\) is for gaussian outcomes", class = "sparsekin_Unavailable")
    expect_output(expect_true(is.na(performance::rmse(fit))), "is for gaussian outcomes")  # it catches errors and prints them
  }
  expect_error(insight::model_info(mixed), "y gaussian, ill binomial", class = "sparsekin_Unavailable")
  expect_error(insight::model_info(hazards), "Survival times", class = "sparsekin_Unavailable")
})

test_that("emmeans has means and contrasts of predictions and no standard errors", {
  skip_without("emmeans")
  data <- wards()
  fit <- sparse_mtl(y ~ x1 + x2 + group, data, "site", s = 4)
  found <- as.data.frame(summary(emmeans::emmeans(fit, "group")))
  grid <- expand.grid(group = levels(data$group), site = unique(data$site), x1 = mean(data$x1), x2 = mean(data$x2))
  expect_equal(found$emmean, as.vector(tapply(predict(fit, grid), grid$group, mean)), tolerance = 1e-10)
  expect_true(all(is.na(found$SE)))
  expect_output(print(emmeans::emmeans(fit, "group")), "No standard errors")
  # lm() with all its terms is the same model where all are selected
  peer <- lm(y ~ site * (x1 + x2 + group), data)
  expect_equal(found$emmean, as.data.frame(summary(emmeans::emmeans(peer, "group")))$emmean, tolerance = 1e-6)
  ours <- as.data.frame(summary(emmeans::emmeans(fit, pairwise ~ site | group)$contrasts))
  expect_equal(ours$estimate, as.data.frame(summary(emmeans::emmeans(peer, pairwise ~ site | group)$contrasts))$estimate, tolerance = 1e-6)
  odds <- sparse_mtl(ill ~ x2 + group, data, "site", s = 3, lambda_1 = 0.01, family = binomial)
  shown <- as.data.frame(summary(emmeans::emmeans(odds, "site"), type = "response"))
  grid <- expand.grid(site = unique(data$site), group = levels(data$group), x2 = mean(data$x2))
  expect_equal(shown$prob, as.vector(plogis(tapply(predict(odds, grid, type = "link"), grid$site, mean))), tolerance = 1e-10)
  expect_error(emmeans::emmeans(fit, "group", data = data["group"]), "The data lack 'site', 'x1', 'x2', which the fit uses")
  both <- sparse_mtl(cbind(y, x3) ~ x1 + x2, data, s = 1)
  expect_error(emmeans::emmeans(both, "x1"), "emmeans asks for one outcome; this fit has 2")
})

test_that("imputed sets: how often a feature is selected, and Rubin's rules for terms that are always in", {
  skip_without("mice")
  data <- wards()[c("y", "x1", "x2", "x3", "site")]
  data$x1[1:12] <- NA
  imputed <- suppressWarnings(mice::mice(data, m = 3, printFlag = FALSE, seed = 1))
  fits <- with(imputed, sparse_mtl(y ~ x1 + x2 + x3, data.frame(y, x1, x2, x3, site), "site", s = 1, keep = "x3"))
  expect_error(mice::pool(fits), "pool_imputed\\(fits\\) says how often")
  pooled <- pool_imputed(fits, folds = 3, rng = 1)
  each <- lapply(mice::complete(imputed, "all"), function(set) sparse_mtl(y ~ x1 + x2 + x3, set, "site", s = 1, keep = "x3"))
  expect_equal(pooled$frequency, Reduce(`+`, lapply(each, function(fit) fit$support)) / 3)
  expect_equal(pooled$coefficients, Reduce(`+`, lapply(each, coef)) / 3)
  tables <- lapply(each, double_selection, folds = 3, rng = 1)
  of_mice <- mice::pool.scalar(
    vapply(tables, function(table) table$estimate[1L], 1), vapply(tables, function(table) table$std.error[1L]^2, 1),
    n = 60, k = 60 - residual_freedom(each, tables)[1L]
  )
  kept <- pooled$kept[1L, ]
  expect_equal(kept$estimate, of_mice$qbar)
  expect_equal(kept$std.error, sqrt(of_mice$t))
  expect_equal(kept$df, of_mice$df)
  expect_equal(kept$fmi, of_mice$fmi)
  expect_output(print(pooled), "3 imputed data sets, 2 tasks.*Rubin's rules")
  rows <- tidy(pooled)
  expect_identical(rows$term[1:2], c("x3", "x3"))
  expect_true(all(is.na(rows$std.error[rows$term != "x3"])))
  expect_identical(rownames(confint(pooled)), paste(pooled$kept$term, pooled$kept$task, sep = ":"))
  expect_equal(unname(confint(pooled)), unname(as.matrix(pooled$kept[c("conf.low", "conf.high")])))
  expect_true(all(confint(pooled, level = 0.8)[, 1L] > confint(pooled)[, 1L]))
  expect_error(confint(pooled, "x1"), "no kept term 'x1'", class = "sparsekin_OptionError")
  shown <- summary(pooled)
  expect_identical(shown$frequency, rows$frequency[rows$frequency > 0])
  found <- glance(pooled)
  expect_identical(nrow(found), 1L)
  expect_identical(c(found$m, found$n_tasks, found$n_candidates), c(3L, 2L, 2L))
  expect_identical(found$n_always, sum(Reduce(`&`, lapply(each, function(fit) rowSums(fit$support) > 0))))
  expect_identical(found$n_selected, sum(Reduce(`|`, lapply(each, function(fit) rowSums(fit$support) > 0))))
  expect_identical(frequency(pooled), pooled$frequency)
  draw(pooled)
  drawn <- shares_of_sets(pooled, 60L)
  expect_identical(drawn$shown, drawn$values == 1)
  expect_s3_class(ggplot2::autoplot(pooled), "ggplot")
})

test_that("pool_imputed() wants fits of one call", {
  fit <- sparse_mtl(mpg ~ wt + hp, mtcars, "am", s = 1)
  expect_error(pool_imputed(list(fit)), "There is 1 fit", class = "sparsekin_OptionError")
  expect_error(pool_imputed(fit), "fits must be a list of fits", class = "sparsekin_OptionError")
  expect_error(pool_imputed(list(fit, 1)), "Fit 2 is of class 'numeric'", class = "sparsekin_OptionError")
  refused <- function(other, text) expect_error(
    pool_imputed(list(fit, fit, other)), paste0("Fit 3 has ", text, ": all must be the same call on imputed copies of the same data."), fixed = TRUE,
    class = "sparsekin_OptionError"
  )
  refused(sparse_mtl(mpg ~ wt + qsec, mtcars, "am", s = 1), "the formula mpg ~ wt + qsec, fit 1 has the formula mpg ~ wt + hp")
  refused(sparse_mtl(qsec ~ wt + hp, mtcars, "am", s = 1), "outcome 'qsec', fit 1 has outcome 'mpg'")
  refused(sparse_mtl(carb ~ wt + hp, mtcars, "am", s = 1, family = poisson), "family poisson, fit 1 has family gaussian")
  refused(sparse_mtl(mpg ~ wt + hp, mtcars[1:25, ], "am", s = 1), "25 rows, fit 1 has 32 rows")
  refused(sparse_mtl(mpg ~ wt + hp, mtcars, "vs", s = 1), "tasks by 'vs', fit 1 has tasks by 'am'")
  refused(sparse_mtl(mpg ~ wt + hp, mtcars, s = 1), "no column of tasks, fit 1 has tasks by 'am'")
  refused(sparse_mtl(mpg ~ wt + hp, mtcars, "am", s = 1, weights = "wt"), "weights = wt, fit 1 has no weights")
  refused(sparse_mtl(mpg ~ wt + hp, mtcars, "am", s = 1, standardize = "pooled"), "standardize = \"pooled\", fit 1 has standardize = \"within\"")
  refused(sparse_mtl(mpg ~ wt + hp, mtcars, "am", s = 1, scale_outcome = TRUE), "scale_outcome = TRUE, fit 1 has scale_outcome = FALSE")
  refused(sparse_mtl(mpg ~ wt + hp, mtcars, "am", s = 1, task_weights = "rows"), "task_weights = \"rows\", fit 1 has task_weights = \"auto\"")
  other <- lapply(c("wt", "qsec"), function(w) sparse_mtl(mpg ~ wt + hp, mtcars, "am", s = 1, weights = w))
  other[[1L]]$call$weights <- quote(wt)
  other[[2L]]$call$weights <- "qsec"
  expect_error(pool_imputed(other), "Fit 2 has weights = qsec, fit 1 has weights = wt", class = "sparsekin_OptionError")
  refused(sparse_mtl(mpg ~ wt + hp, mtcars, "am", s = 1, keep = "wt"), "keep = 'wt', fit 1 has no terms of keep")
  refused(sparse_mtl(mpg ~ wt + hp, mtcars, "am", s = 1, support = "common"), "support = \"common\", fit 1 has support = \"heterogeneous\"")
  refused(
    sparse_mtl(mpg ~ wt + hp, transform(mtcars, am = ifelse(am == 1, "m", "a")), "am", s = 1), "the tasks 'a', 'm', fit 1 has the tasks '0', '1'"
  )
  cars <- transform(mtcars, gear = factor(gear))
  few <- transform(mtcars, gear = factor(pmin(gear, 4)))
  expect_error(
    pool_imputed(lapply(list(cars, few), function(data) sparse_mtl(mpg ~ wt + gear, data, "am", s = 1))),
    "Fit 2 has the terms '(Intercept)', 'wt', 'gear4', fit 1 has the terms '(Intercept)', 'wt', 'gear4', 'gear5'", fixed = TRUE
  )
  tuned <- sparse_mtl(mpg ~ wt + hp, mtcars, "am", s = 2, lambda_2 = 0.1)
  expect_identical(pool_imputed(list(fit, tuned))$m, 2L)
  for (level in list(2, 0, 1, "x", NA, c(0.5, 0.9), -1, NULL)) expect_error(
    pool_imputed(list(fit, fit), level = level), paste0("level must be one number between 0 and 1, not ", say_value(level), "."), fixed = TRUE,
    class = "sparsekin_OptionError"
  )
  expect_null(pool_imputed(list(fit, fit))$kept)
  expect_error(confint(pool_imputed(list(fit, fit))), "only terms of keep have", class = "sparsekin_Unavailable")
  expect_error(
    tidy(fit, effects = "fixed", parametric = TRUE), "pool_imputed", class = "sparsekin_Unavailable"
  )
})

test_that("a recipe's table is fitted as it is", {
  zone <- Sys.getenv("TZ", NA)  # recipes asks the system for it, which may have none
  on.exit(if (is.na(zone)) Sys.unsetenv("TZ") else Sys.setenv(TZ = zone))
  Sys.setenv(TZ = "UTC")
  skip_without("recipes")
  data <- wards()
  recipe <- recipes::step_normalize(recipes::recipe(y ~ x1 + x2 + x3 + site, data), recipes::all_numeric_predictors())
  baked <- recipes::bake(recipes::prep(recipe), NULL)
  fit <- sparse_mtl(y ~ ., baked, "site", s = 2)
  peer <- sparse_mtl(y ~ ., transform(data[c("x1", "x2", "x3", "site", "y")], x1 = c(scale(x1)), x2 = c(scale(x2)), x3 = c(scale(x3))), "site", s = 2)
  expect_equal(coef(fit), coef(peer), tolerance = 1e-8)
})

# marginaleffects and parsnip are not in Debian 12: what they would call is called here, as their pages on extensions describe it.

test_that("marginaleffects finds coefficients and predictions, and no variances", {
  data <- wards()
  fit <- sparse_mtl(y ~ x1 + x2, data, "site", s = 1)
  found <- get_coef_of(fit)
  expect_identical(unname(found["x1:south"]), coef(fit)["x1", "south"])
  expect_equal(get_predict_of(fit, data[1:3, ]), data.frame(rowid = 1:3, estimate = unname(predict(fit, data[1:3, ]))))
  expect_identical(get_predict_of(fit, transform(data[1:3, ], rowid = 7:9))$rowid, 7:9)
  expect_error(get_vcov_of(fit), "vcov = FALSE", class = "sparsekin_Unavailable")
  expect_null(get_vcov_of(fit, vcov = FALSE))
  expect_error(set_coef_of(fit, found), class = "sparsekin_Unavailable")
  # a slope as marginaleffects takes it: the difference of predictions
  ahead <- get_predict_of(fit, transform(data, x1 = x1 + 1e-4))$estimate
  slopes <- (ahead - get_predict_of(fit, data)$estimate) / 1e-4
  expect_equal(as.vector(tapply(slopes, data$site, mean)), unname(coef(fit)["x1", ]), tolerance = 1e-6)
})

# A parsnip that keeps what is registered.
recorder <- function() {
  kept <- list()
  add <- function(verb) function(...) kept[[length(kept) + 1L]] <<- list(verb = verb, given = list(...))
  verbs <- c("set_model_engine", "set_dependency", "set_model_arg", "set_fit", "set_encoding", "set_pred")
  c(stats::setNames(lapply(verbs, add), verbs), list(
    get_from_env = function(name) if (name == "models") engines$model else data.frame(engine = "glm"), kept = function() kept
  ))
}

test_that("the engine of parsnip fits and predicts by what it registers", {
  parsnip <- recorder()
  add_engines(parsnip, package_version("1.5.0"))
  kept <- parsnip$kept()
  of <- function(verb, name) Filter(function(one) one$verb == verb && c(one$given$model, one$given[[1L]])[1L] == name, kept)
  data <- wards()
  data$case <- factor(data$ill, 0:1, c("well", "ill"))
  for (model in c("linear_reg", "logistic_reg")) {
    fit_by <- of("set_fit", model)[[1L]]$given$value
    expect_identical(fit_by$interface, "formula")
    settings <- lapply(of("set_model_arg", model), `[[`, "given")
    expect_identical(vapply(settings, `[[`, "", "parsnip"), c("penalty", "s", "lambda_2", "lambda_z"))
    expect_identical(vapply(settings, `[[`, "", "original"), c("lambda_1", "s", "lambda_2", "lambda_z"))
    expect_true(all(vapply(settings, `[[`, "", "original") %in% names(formals(sparse_mtl))))
    expect_identical(settings[[2L]]$func, list(pkg = "dials", fun = "num_terms", range = c(1L, 10L)))
    outcome <- if (model == "linear_reg") "y" else "case"
    formula <- stats::reformulate(".", outcome)
    fit <- do.call(fit_by$func[["fun"]], c(list(formula, data = data[c(outcome, "x1", "x2", "x3", "site")], task = "site", s = 2, lambda_1 = 0.01), fit_by$defaults))
    object <- list(fit = fit, lvl = levels(data$case))
    for (one in of("set_pred", model)) {
      value <- one$given$value
      arguments <- lapply(value$args, eval, list(object = object, new_data = data[1:4, ]))
      found <- do.call(value$func[["fun"]], arguments)
      if (!is.null(value$post)) found <- value$post(found, object)
      switch(one$given$type,
        numeric = expect_equal(found, predict(fit, data[1:4, ])),
        class = expect_identical(found, ifelse(predict(fit, data[1:4, ]) >= 0.5, "ill", "well"), ignore_attr = TRUE),
        prob = {
          expect_identical(names(found), c("well", "ill"))
          expect_equal(rowSums(found), rep(1, 4), ignore_attr = TRUE)
          expect_equal(found$ill, unname(predict(fit, data[1:4, ])))
        }
      )
    }
  }
  expect_identical(vapply(of("set_pred", "logistic_reg"), function(one) one$given$type, ""), c("class", "prob"))
  expect_identical(of("set_fit", "poisson_reg")[[1L]]$given$value$defaults, list(family = "poisson"))
  hazards <- of("set_pred", "proportional_hazards")[[1L]]$given
  expect_identical(hazards[c("mode", "type")], list(mode = "censored regression", type = "linear_pred"))
  expect_identical(hazards$value$post(c(a = 2), NULL), -2)
})

test_that("older parsnip is told of penalty alone, since it would take other arguments from the engine", {
  parsnip <- recorder()
  add_engines(parsnip, package_version("1.4.1"))
  told <- Filter(function(one) one$verb == "set_model_arg", parsnip$kept())
  expect_identical(vapply(told, function(one) one$given$parsnip, ""), rep("penalty", 4L))
})

test_that("ggplot2 takes a fit for its rows, and a path, validation or comparison for its table", {
  skip_without("ggplot2")
  data <- wards()
  fit <- sparse_mtl(y ~ x1 + x2, data, "site", s = 1)
  expect_identical(ggplot2::fortify(fit), augment(fit))
  expect_identical(ggplot2::fortify(fit, data), augment(fit, data))
  expect_s3_class(ggplot2::ggplot(fit, ggplot2::aes(.fitted, .resid)), "ggplot")
  path <- path_sparse_mtl(y ~ x1 + x2, data, "site", s = 1, lambda_z = 0)
  expect_identical(ggplot2::fortify(path), as.data.frame(tidy(path)))
})

test_that("labels of columns are kept where the columns are, and have no part in the fit", {
  data <- wards()
  named <- data
  for (name in names(named)) attr(named[[name]], "label") <- paste("label of", name)
  fit <- sparse_mtl(y ~ x1 + x2 + smoker, named, "site", s = 2, weights = w)
  expect_equal(coef(fit), coef(sparse_mtl(y ~ x1 + x2 + smoker, data, "site", s = 2, weights = w)))
  expect_identical(attr(augment(fit, named)$x1, "label"), "label of x1")
  expect_null(attr(fitted(fit), "label"))
  # numbers of a class of their own, such as haven_labelled
  data$days <- structure(rep(1:2, 60), class = c("haven_labelled", "integer"), labels = c(one = 1L))
  counts <- sparse_mtl(round(exp(x1)) ~ x1 + x2, data, "site", s = 1, family = poisson, exposure = days)
  expect_equal(coef(counts), coef(sparse_mtl(round(exp(x1)) ~ x1 + x2, transform(data, days = rep(1:2, 60)), "site", s = 1, family = poisson, exposure = days)))
})

test_that("knitr::kable() writes tables", {
  skip_without("knitr")
  fit <- sparse_mtl(mpg ~ wt + hp, mtcars, "am", s = 1)
  for (table in list(tidy(fit), glance(fit), coef(fit), etable(fit), augment(fit))) {
    expect_match(paste(knitr::kable(table, digits = 2), collapse = " "), "wt|Rows|nobs|.fitted")
  }
})

test_that("the neighbours' generics know our fits whichever package is loaded last", {
  skip_without("emmeans", "insight")
  code <- "fit <- structure(list(), class = 'mt_hal'); cat(is.null(getS3method('recover_data', 'mt_hal', optional = TRUE, envir = asNamespace('emmeans'))), "
  code <- paste0(code, "is.null(getS3method('get_parameters', 'mt_hal', optional = TRUE, envir = asNamespace('insight'))))")
  for (order in list(c("sparsekin", "emmeans", "insight"), c("insight", "emmeans", "sparsekin"))) {
    out <- system2(
      file.path(R.home("bin"), "Rscript"), c("-e", shQuote(paste(c(paste0("loadNamespace('", order, "')"), code), collapse = "; "))),
      stdout = TRUE, stderr = TRUE, env = paste0("R_LIBS=", paste(.libPaths(), collapse = ":"))
    )
    expect_match(paste(out, collapse = " "), "FALSE FALSE")
  }
})
