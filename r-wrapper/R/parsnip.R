# An engine "sparsekin" for models of parsnip, with the task a column: set_engine("sparsekin", task = "site", s = 5). penalty is lambda_1; it, s, lambda_2
# and lambda_z can be tuned.

engines <- data.frame(
  model = c("linear_reg", "logistic_reg", "poisson_reg", "proportional_hazards"),
  mode = c("regression", "classification", "regression", "censored regression"),
  family = c("gaussian", "binomial", "poisson", "cox")
)

# `parsnip`: its namespace. Before 1.5.0 an argument of an engine with a range of its own could not be given.
add_engines <- function(parsnip, version) {
  known <- tryCatch(parsnip$get_from_env("models"), error = function(e) engines$model)
  tunable <- if (version >= "1.5.0") tunable_arguments else tunable_arguments["penalty"]
  for (i in which(engines$model %in% known)) add_engine(parsnip, engines$model[i], engines$mode[i], engines$family[i], tunable)
}

add_engine <- function(parsnip, model, mode, family, tunable) {
  about <- tryCatch(parsnip$get_from_env(model), error = function(e) NULL)
  if ("sparsekin" %in% about$engine) return(invisible())
  eng <- "sparsekin"
  parsnip$set_model_engine(model, mode = mode, eng = eng)
  parsnip$set_dependency(model, eng = eng, pkg = "sparsekin", mode = mode)
  for (name in names(tunable)) {
    one <- tunable[[name]]
    parsnip$set_model_arg(model = model, eng = eng, parsnip = name, original = one$original, func = one$func, has_submodel = FALSE)
  }
  parsnip$set_fit(model = model, eng = eng, mode = mode, value = list(
    interface = "formula", protect = c("formula", "data", "weights"), func = c(pkg = "sparsekin", fun = "sparse_mtl"),
    defaults = list(family = family)
  ))
  parsnip$set_encoding(model = model, eng = eng, mode = mode, options = list(
    predictor_indicators = "none", compute_intercept = FALSE, remove_intercept = FALSE, allow_sparse_x = FALSE
  ))
  for (type in names(engine_predictions[[family]])) {
    how <- engine_predictions[[family]][[type]]
    parsnip$set_pred(model = model, eng = eng, mode = mode, type = type, value = list(
      pre = NULL, post = how$post, func = c(fun = "predict"),
      args = list(object = quote(object$fit), newdata = quote(new_data), type = how$type)
    ))
  }
}

# Name in parsnip -> name in sparse_mtl() and the parameter of dials, with its range: sizes, or powers of 10.
tunable_arguments <- list(
  penalty = list(original = "lambda_1", func = list(pkg = "dials", fun = "penalty")),
  s = list(original = "s", func = list(pkg = "dials", fun = "num_terms", range = c(1L, 10L))),
  lambda_2 = list(original = "lambda_2", func = list(pkg = "dials", fun = "penalty", range = c(-3, 1))),
  lambda_z = list(original = "lambda_z", func = list(pkg = "dials", fun = "penalty", range = c(-3, 1)))
)

# `x`: probabilities of the second level.
as_class <- function(x, object) object$lvl[1L + (x >= 0.5)]

as_probabilities <- function(x, object) stats::setNames(data.frame(unname(1 - x), unname(x)), object$lvl)

# Of survival parsnip's linear predictor grows with the time.
engine_predictions <- list(
  gaussian = list(numeric = list(type = "response")),
  binomial = list(class = list(type = "response", post = as_class), prob = list(type = "response", post = as_probabilities)),
  poisson = list(numeric = list(type = "response")),
  cox = list(linear_pred = list(type = "link", post = function(x, object) -unname(x)))
)
