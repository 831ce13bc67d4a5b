# Random calls with arguments of every kind: an answer, or an error of this package that names what was wrong; never an internal
# error, an error of another package or a hang. SPARSEKIN_FUZZ sets how many (2,000 before a release), SPARSEKIN_FUZZ_SEED the
# seed, which is fixed by default; 20261130, 1, 777 and 4242 have found errors or none.

odd_values <- list(
  NULL, NA, NA_real_, NaN, Inf, -Inf, -1, 0, 1, 1.5, 2, 3L, 1e300, "auto", "best", "", "am", "no such", c("a", "b"), TRUE, FALSE,
  character(), numeric(), list(), list(1, "a"), 1:3, c(0, 1), c(1, NA), mean, as.Date("2026-01-01"), factor("a"),
  matrix(1, 2, 2), 1i, as.raw(1), c(x = 1), list(am = 1), data.frame(a = 1), ~x, 0.5, 100L, -3L, "1se", "within", "left out"
)

# A function and arguments that work.
sound_calls <- function() {
  all <- fits_of_all()
  cars <- transform(mtcars, cyl = factor(cyl))
  data <- list(data = cars, task = "am")
  lines <- c(list(mpg ~ wt + hp + qsec), data)
  curves <- c(list(mpg ~ h(wt)), data)
  tables <- list(mpg + qsec ~ wt + hp + disp, data = cars, task = "cyl")
  settings <- list(s = 1, lambda_1 = 0.1, lambda_z = 0, folds = 3, rng = 1)
  dial <- cv_sparse_mtl(mpg ~ wt + hp, cars, "am", s = 1, folds = 3, rng = 1)
  average <- all$sparse_mtl_average
  odds <- c(list(vs ~ wt + hp + qsec), data, list(family = "binomial"))
  engines <- do.call(sparse_mtl, c(odds, s = 1, lambda_1 = 0.2))
  cars$time <- cars$qsec
  hazards <- do.call(sparse_mtl, list(survival::Surv(time, vs + 1) ~ wt + hp, data = cars, task = "am", s = 1))
  sure <- stability(do.call(sparse_mtl, c(lines, s = 1, keep = "wt")), pairs = 10, rng = 1)
  sure_curves <- stability(do.call(mt_hal, c(curves, lambda = 0.3)), pairs = 10, rng = 1)
  imputed <- lapply(1:2, function(i) sparse_mtl(mpg ~ wt + hp + qsec, cars, "am", s = 1, keep = "qsec"))
  pooled <- pool_imputed(imputed, folds = 2, rng = 1)
  table <- etable(pooled = engines, all$sparse_mtl)
  brief <- list(folds = 2, pairs = 10, skip = c("comparison", "certified", "alternatives", "validation"))
  study <- do.call(mtl_study, c(lines, brief))
  beside <- list(knockoffs = list(all$sparse_mtl, fdr = 0.7, draws = 2, rng = 1))
  c(beside, list(
    stability = list(all$sparse_mtl, pairs = 10, rng = 1), stability = list(all$mt_hal, pairs = 10, rng = 1), band = list(sure_curves, variable = "wt"),
    select_features = list(sure), heterogeneity = list(sure), pvalues = list(sure), frequency = list(sure), frequency = list(sure_curves),
    plot = list(sure_curves, type = "frequency"), impute = list(all$mixed_forms), pool_imputed = list(imputed, folds = 2, rng = 1),
    tidy = list(pooled), confint = list(pooled), glance = list(pooled), etable = list(engines, digits = 3), etable = list(sure, heldout = TRUE),
    format = list(table, as = "latex"), as.data.frame = list(table), tidy = list(table), mtl_study = c(lines, brief), tidy = list(study), glance = list(study),
    plot = list(study), save_study = list(study, folder = tempfile()), fitted = list(all$sparse_mtl),
    model.matrix = list(all$sparse_mtl), weights = list(engines), deviance = list(hazards), family = list(engines), logLik = list(engines),
    vcov = list(sure), formula = list(all$mt_hal), nobs = list(all$cv_mt_hal), case.names = list(engines), variable.names = list(all$mt_hal),
    simulate = list(all$mt_hal, nsim = 2), print = list(all$mtl_left_out), print = list(sure_curves), autoplot = list(sure, type = "frequency"),
    autoplot = list(all$cv_sparse_mtl), autoplot = list(all$mt_hal), autoplot = list(all$mixed_forms), autoplot = list(all$mtl_left_out),
    core_info = list(), core_available = list(), core_version = list(), load_ad_biomarkers = list(), install_core = list(source = "/nonexistent/a.whl")
  ), list(
    sparse_mtl = c(odds, s = 1, lambda_1 = 0.2), path_sparse_mtl = c(odds, s = 1, lambda_z = 0), cv_sparse_mtl = c(odds, settings),
    sparse_mtl = list(carb ~ wt + hp, data = cars, task = "am", s = 1, family = "poisson", exposure = "disp"),
    predict = list(engines, newdata = cars), predict = list(hazards, newdata = cars, type = "survival", times = 18),
    residuals = list(engines), residuals = list(hazards), tidy = list(engines, exponentiate = TRUE), augment = list(engines, data = cars),
    plot = list(sure, type = "forest", term = "hp"), confint = list(sure), plot = list(sure, type = "frequency"),
    hold_out = list(engines, folds = 3, rng = 1), validate = list(engines, newdata = cars), validate = list(hazards, newdata = cars),
    plot = list(engines, type = "calibration"), plot = list(hazards, type = "survival"), plot = list(hazards, type = "calibration", time = 18),
    plot = list(all$mtl_validation), simulate = list(engines), alternatives = list(all$sparse_mtl, m = 1, time_limit = 1),
    alternatives = list(all$sparse_mtl, within = 2, time_limit = 1), knockoffs = list(mpg ~ wt + hp + qsec, data = cars, fdr = 0.7, draws = 2, rng = 1),
    plot = list(all$mtl_knockoffs), plot = list(all$mtl_left_out), validate = c(list(mpg ~ wt + hp), data, settings, lambda_2 = 0), double_selection = list(sure, folds = 3, rng = 1),
    predict = list(all$sparse_mtl, newdata = cars, interval = "prediction"),
    sparse_mtl = c(lines, s = 2), path_sparse_mtl = c(lines, s = 1, lambda_z = 0), cv_sparse_mtl = c(lines, settings),
    compare_models = c(lines, settings), cv_sparse_mtl = c(lines, s = 1, folds = 3, rng = 1),
    compare_mt_hal = c(curves, n_lambda = 3, folds = 3, rng = 1), refit = list(dial, which = "average"), plot = list(dial),
    predict = list(average, newdata = cars), predict = list(all$sparse_mtl, newdata = transform(cars, am = 2), how = "pooled"),
    augment = list(average, data = cars), tidy = list(average), summary = list(average), plot = list(average), mt_hal = c(curves, lambda = 1), path_mt_hal = c(curves, n_lambda = 3),
    cv_mt_hal = c(curves, n_lambda = 3, folds = 3, rng = 1), mixed_forms = c(tables, d = 1),
    cv_mixed_forms = c(tables, d = 1, folds = 3, rng = 1), certify = list(all$sparse_mtl, time_limit = 1),
    predict = list(all$sparse_mtl, newdata = cars), predict = list(all$mt_hal, newdata = cars),
    predict = list(all$mixed_forms, newdata = cars), augment = list(all$mt_hal, newdata = cars),
    augment = list(all$mixed_forms, newdata = cars),
    refit = list(all$cv_sparse_mtl), refit = list(all$path_sparse_mtl, at = 1), refit = list(all$cv_mt_hal),
    refit = list(all$cv_mixed_forms), augment = list(all$sparse_mtl, data = cars), tidy = list(all$mt_hal),
    translate = list(all$mixed_forms, newdata = cars, from = "x", to = "y"), confint = list(all$mixed_forms, n = 3, rng = 1),
    coef = list(all$cv_sparse_mtl), predict = list(all$cv_mt_hal, newdata = cars), glance = list(all$compare_models),
    summary = list(all$mixed_forms), plot = list(all$mt_hal), plot = list(all$path_sparse_mtl), plot = list(all$mixed_forms)
  ))
}

# One or two arguments replaced or added.
spoil <- function(verb, arguments) {
  methods <- if (length(arguments)) lapply(class(arguments[[1L]]), getS3method, f = verb, optional = TRUE, envir = asNamespace("sparsekin"))
  f <- c(Filter(Negate(is.null), methods), list(get(verb, parent.frame())))[[1L]]
  # install_core() would ask a registry for a name; test-install_core.R has what it refuses.
  own <- setdiff(names(formals(f)), c("...", "object", "x", "memory", "max_sweeps", "starts", if (verb == "install_core") c("source", "python")))
  if (!length(own)) return(arguments)
  for (name in sample(own, min(length(own), sample(2L, 1L)))) {
    value <- odd_values[[sample(length(odd_values), 1L)]]
    at <- match(name, names(arguments))
    if (is.na(at) && name == names(formals(f))[1L]) at <- 1L
    if (identical(value, "left out")) {
      if (!is.na(at) && at > 1L) arguments[at] <- NULL
    } else if (is.na(at)) arguments[name] <- list(value) else arguments[at] <- list(value)
  }
  arguments
}

# save_study() may write into what a random folder names.
tempfile_folder <- function() {
  dir.create(folder <- tempfile("fuzz"))
  folder
}

answer_of <- function(verb, arguments) {
  answer <- do.call(verb, arguments, envir = parent.frame())
  if (inherits(answer, "ggplot")) print(answer)
}

is_ours <- function(e) {
  inherits(e, "sparsekin_error") && !inherits(e, "sparsekin_InternalError") && !grepl("Internal error", conditionMessage(e))
}

test_that("random calls are answered or refused by this package", {
  skip_without_core()
  for (package in c("survival", "ggplot2")) skip_if_not_installed(package)
  autoplot <- ggplot2::autoplot
  back <- setwd(tempfile_folder())
  on.exit(setwd(back))
  calls <- sound_calls()
  expect_identical(setdiff(getNamespaceExports("sparsekin"), names(calls)), character())
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off(), add = TRUE)
  n <- as.integer(Sys.getenv("SPARSEKIN_FUZZ", "250"))
  set.seed(as.integer(Sys.getenv("SPARSEKIN_FUZZ_SEED", "20261130")))
  for (i in seq_len(n)) {
    at <- sample(length(calls), 1L)
    verb <- names(calls)[at]
    arguments <- spoil(verb, calls[[at]])
    answer <- tryCatch(
      suppressWarnings(utils::capture.output(suppressMessages(answer_of(verb, arguments)))), error = identity
    )
    if (inherits(answer, "error") && !is_ours(answer)) {
      changed <- arguments[setdiff(names(arguments), c("data", ""))]
      said <- paste(names(changed), vapply(changed, function(x) substr(deparse1(x), 1, 40), ""), sep = " = ", collapse = ", ")
      fail(paste0(i, ": ", verb, "(", said, "): ", conditionMessage(answer)))
    }
  }
  succeed()
})
