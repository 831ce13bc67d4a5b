# Rscript tools/r_neighbours.R: what docs/r-neighbours.md says of packages that the tests do not need, on those that are installed. Run by hand.
library(sparsekin)
if (Sys.getenv("TZ") == "") Sys.setenv(TZ = "UTC")  # recipes asks the system for it
set.seed(1)
data <- data.frame(site = factor(rep(c("north", "south"), each = 60)), matrix(rnorm(720), 120))
data$y <- data$X2 - data$X5 + rnorm(120) / 2
data$case <- factor(ifelse(data$y > 0, "ill", "well"), c("well", "ill"))
data$count <- rpois(120, exp(data$X2 / 2))
data$time <- rexp(120, exp(data$X2))
data$dead <- rbinom(120, 1, 0.7)
columns <- c("site", paste0("X", 1:6))
fit <- sparse_mtl(y ~ X1 + X2 + X5, data, "site", s = 2)
sure <- stability(fit, pairs = 10, rng = 1)
same <- function(one, other) stopifnot(isTRUE(all.equal(one, other, tolerance = 1e-8, check.attributes = FALSE)))

with_packages <- function(names, ask) {
  absent <- Filter(function(name) !requireNamespace(name, quietly = TRUE), names)
  if (length(absent)) return(cat("-    ", names[1L], ": no ", absent[1L], "\n", sep = ""))
  ask()
  cat("ok   ", paste(names, vapply(names, function(name) format(utils::packageVersion(name)), ""), collapse = ", "), "\n", sep = "")
}

with_packages("parsnip", function() {
  engine <- function(model, ...) parsnip::set_engine(model, "sparsekin", task = "site", s = 2, ...)
  line <- parsnip::fit(engine(parsnip::linear_reg(penalty = 0.01), lambda_z = 0.1), y ~ ., data = data[c(columns, "y")])
  peer <- sparse_mtl(y ~ ., data[c(columns, "y")], "site", s = 2, lambda_1 = 0.01, lambda_z = 0.1)
  same(predict(line, data)$.pred, predict(peer, data))
  odds <- parsnip::fit(engine(parsnip::logistic_reg(penalty = 0.05)), case ~ ., data = data[c(columns, "case")])
  shares <- predict(odds, data, type = "prob")
  same(rowSums(shares), rep(1, 120))
  same(predict(odds, data)$.pred_class == "ill", shares$.pred_ill >= 0.5)
  counts <- parsnip::fit(engine(parsnip::poisson_reg(penalty = 0.05)), count ~ ., data = data[c(columns, "count")])
  same(predict(counts, data)$.pred, predict(counts$fit, data))
  hazards <- parsnip::fit(engine(parsnip::proportional_hazards(penalty = 0.05)), survival::Surv(time, dead) ~ ., data = data[c(columns, "time", "dead")])
  same(predict(hazards, data, type = "linear_pred")$.pred_linear_pred, -predict(hazards$fit, data, type = "link"))
})

with_packages(c("tune", "dials", "workflows", "rsample", "parsnip", "yardstick"), function() {
  spec <- parsnip::set_engine(parsnip::linear_reg(penalty = tune::tune()), "sparsekin", task = "site", s = tune::tune(), lambda_z = tune::tune())
  settings <- hardhat::extract_parameter_set_dials(spec)
  settings <- update(settings, s = dials::num_terms(c(1L, 4L)), lambda_z = dials::penalty(c(-3, 1)))
  work <- workflows::add_model(workflows::add_formula(workflows::workflow(), y ~ .), spec)
  found <- tune::tune_grid(work, rsample::vfold_cv(data[c(columns, "y")], v = 3), grid = dials::grid_regular(settings, levels = c(1, 3, 2)))
  stopifnot(nrow(tune::collect_metrics(found)) == 12L)
  done <- parsnip::fit(tune::finalize_workflow(work, tune::select_best(found, metric = "rmse")), data[c(columns, "y")])
  stopifnot(all(is.finite(predict(done, data[1:3, ])$.pred)))
})

with_packages("marginaleffects", function() {
  slopes <- as.data.frame(marginaleffects::avg_slopes(fit, variables = "X2", vcov = FALSE))
  same(slopes$estimate, mean(coef(fit)["X2", ]))
  same(as.data.frame(marginaleffects::predictions(fit, vcov = FALSE))$estimate, fitted(fit))
  stopifnot(inherits(try(marginaleffects::avg_slopes(fit), silent = TRUE), "try-error"))
})

with_packages("modelsummary", function() {
  shown <- modelsummary::modelsummary(sure, output = "dataframe", shape = term ~ model + response)
  stopifnot(c("X2", "X5") %in% shown$term)
  plain <- modelsummary::modelsummary(fit, output = "dataframe", shape = term + response ~ model, statistic = NULL)
  same(as.numeric(plain[plain$term == "X2", ncol(plain)]), unname(round(coef(fit)["X2", ], 3)))
})

with_packages("broom.helpers", function() stopifnot(nrow(suppressMessages(suppressWarnings(broom.helpers::tidy_plus_plus(sure)))) > 0))

with_packages("data.table", function() {
  table <- data.table::as.data.table(data)
  before <- data.table::copy(table)
  same(coef(sparse_mtl(y ~ X1 + X2 + X5, table, "site", s = 2, subset = X1 > -9)), coef(fit))
  same(predict(fit, table[1:3]), fitted(fit)[1:3])
  stopifnot(identical(table, before))
})

with_packages(c("tibble", "dplyr"), function() {
  table <- dplyr::group_by(tibble::as_tibble(data), site)
  same(coef(sparse_mtl(y ~ X1 + X2 + X5, table, "site", s = 2)), coef(fit))
  same(predict(fit, table[1:3, ]), fitted(fit)[1:3])
})

with_packages(c("labelled", "haven"), function() {
  named <- data
  for (name in names(named)) labelled::var_label(named[[name]]) <- paste("label of", name)
  labels <- sparse_mtl(y ~ X1 + X2 + X5, named, "site", s = 2)
  same(coef(labels), coef(fit))
  stopifnot(identical(labelled::var_label(augment(labels, named)$X1), "label of X1"))
  named$ward <- haven::labelled(rep(1:2, each = 60), labels = c(north = 1L, south = 2L))
  named$days <- haven::labelled(rep(c(1, 2), 60), labels = c(one = 1))
  same(coef(sparse_mtl(y ~ X1 + X2 + X5, named, "ward", s = 2)), coef(fit))
  same(
    coef(sparse_mtl(count ~ X1 + X2, named, "site", s = 1, family = poisson, exposure = days)),
    coef(sparse_mtl(count ~ X1 + X2, transform(data, days = rep(c(1, 2), 60)), "site", s = 1, family = poisson, exposure = days))
  )
})
