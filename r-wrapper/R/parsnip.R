# An engine "sparsekin" for models of parsnip, with the task a column: set_engine("sparsekin", task = "site", s = 5). penalty is lambda_1.

engines <- data.frame(
  model = c("linear_reg", "logistic_reg", "poisson_reg", "proportional_hazards"),
  mode = c("regression", "classification", "regression", "censored regression"),
  family = c("gaussian", "binomial", "poisson", "cox")
)

# `parsnip`: its namespace.
add_engines <- function(parsnip) {
  known <- tryCatch(parsnip$get_from_env("models"), error = function(e) engines$model)
  for (i in which(engines$model %in% known)) add_engine(parsnip, engines$model[i], engines$mode[i], engines$family[i])
}

add_engine <- function(parsnip, model, mode, family) {
  about <- tryCatch(parsnip$get_from_env(model), error = function(e) NULL)
  if ("sparsekin" %in% about$engine) return(invisible())
  eng <- "sparsekin"
  parsnip$set_model_engine(model, mode = mode, eng = eng)
  parsnip$set_dependency(model, eng = eng, pkg = "sparsekin", mode = mode)
  parsnip$set_model_arg(
    model = model, eng = eng, parsnip = "penalty", original = "lambda_1", func = list(pkg = "dials", fun = "penalty"), has_submodel = FALSE
  )
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
