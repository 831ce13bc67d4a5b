# What packages of others ask of a model: insight (and with it parameters, performance, see, modelbased), emmeans, marginaleffects. Their
# generics get methods when they are loaded; none of them is needed. Estimates and predictions are given, standard errors after stability()
# alone.

of_neighbours <- c("sparse_mtl", "sparse_mtl_average", "mt_hal")

# package -> generic -> function
neighbours <- function() {
  list(
    insight = list(
      find_formula = find_formula_of, find_parameters = find_parameters_of, get_data = get_data_of, get_parameters = get_parameters_of,
      get_predicted = get_predicted_of, model_info = model_info_of
    ),
    bayestestR = list(ci = ci_of),
    parameters = list(model_parameters = model_parameters_of, standard_error = standard_error_of, p_value = p_value_of),
    performance = list(
      model_performance = model_performance_of, r2 = r2_of, performance_mse = mse_of, performance_mae = mae_of
    ),
    ggplot2 = list(fortify = fortify_of),
    emmeans = list(recover_data = recover_data_of, emm_basis = emm_basis_of),
    marginaleffects = list(get_coef = get_coef_of, get_predict = get_predict_of, get_vcov = get_vcov_of, set_coef = set_coef_of)
  )
}

register_neighbours <- function() {
  wanted <- neighbours()
  for (package in names(wanted)) when_loaded(package, register_all(package, wanted[[package]]))
  when_loaded("marginaleffects", function(...) {
    options(marginaleffects_model_classes = union(getOption("marginaleffects_model_classes"), of_neighbours))
  })
  when_loaded("parsnip", function(...) add_engines(asNamespace("parsnip"), utils::packageVersion("parsnip")))
}

when_loaded <- function(package, act) {
  if (isNamespaceLoaded(package)) act()
  setHook(packageEvent(package, "onLoad"), act)
}

register_all <- function(package, methods) {
  force(package)
  force(methods)
  function(...) {
    there <- asNamespace(package)
    for (generic in names(methods)) {
      if (!exists(generic, envir = there)) next
      for (class in if (generic == "fortify") c(our_classes, collections) else of_neighbours) registerS3method(generic, class, methods[[generic]], envir = there)
    }
  }
}

# The formula with the task in it: every task has coefficients of its own.
full_formula <- function(fit) {
  lines <- inherits(fit$terms, "terms")
  right <- if (lines) stats::formula(stats::delete.response(fit$terms))[[2L]] else as_sum(fit$design$variables)
  if (!is.null(fit$design$task_name)) right <- call("*", as.name(fit$design$task_name), call("(", right))
  stats::as.formula(call("~", fit$formula[[2L]], right), environment(fit$formula))
}

as_sum <- function(names) Reduce(function(one, other) call("+", one, other), lapply(names, as.name))

# The data frame a fit was made from, found as update() would find it, and known to be that by its rows.
data_of_fit <- function(fit) {
  data <- tryCatch(eval(fit$call$data, environment(fit$formula)), error = function(e) NULL)
  if (!is.data.frame(data)) {
    stop_sparsekin(
      "The data of the fit, ", deparse1(fit$call$data), ", are no longer there; give them where the function takes data.",
      class = "sparsekin_DataError"
    )
  }
  data <- as.data.frame(data)
  if (nrow(data) == fit$ledger$n_given) check_own_rows(fit, data) else {
    stop_sparsekin(
      deparse1(fit$call$data), " has ", nrow(data), " rows, but the fit used rows of a data frame of ", fit$ledger$n_given, ".",
      class = "sparsekin_DataError"
    )
  }
  data[setdiff(seq_len(nrow(data)), fit$na.action), intersect(all.vars(full_formula(fit)), names(data)), drop = FALSE]
}

# ---- ggplot2: ggplot(fit, aes(.fitted, .resid))

# The rows of a fit with what it says of them; of what is no fit, its table.
fortify_of <- function(model, data = NULL, ...) {
  if (!inherits(model, fits)) return(as.data.frame(tidy(model, ...)))
  if (inherits(data, "waiver")) data <- NULL
  augment(model, data = data, ...)
}

# ---- insight

find_formula_of <- function(x, ...) structure(list(conditional = full_formula(x)), class = c("insight_formula", "list"))

find_parameters_of <- function(x, flatten = FALSE, ...) {
  if (flatten) rownames(x$coefficients) else list(conditional = rownames(x$coefficients))
}

get_data_of <- function(x, ...) data_of_fit(x)

get_parameters_of <- function(x, ...) {
  coefficients <- x$coefficients
  data.frame(
    Parameter = rep(rownames(coefficients), ncol(coefficients)), Estimate = as.vector(coefficients),
    Response = rep(colnames(coefficients), each = nrow(coefficients))
  )
}

get_predicted_of <- function(x, data = NULL, predict = "expectation", ...) {
  predict <- check_choice(if (is.null(predict)) "expectation" else predict, "predict", c("expectation", "link"))
  type <- if (predict == "link") "link" else "response"
  stats::predict(x, data, type = if ("cox" %in% x$families && type == "response") "risk" else type)
}

# family() says why where there is no one answer.
model_info_of <- function(x, ...) {
  stats::family(x)
  NextMethod()
}

# ---- emmeans: every row of its grid has a coefficient, the prediction there, so that means and contrasts are of predictions.

# A text in place of data is what emmeans stops with.
recover_data_of <- function(object, data = NULL, ...) {
  data <- tryCatch({
    check_one_outcome(object, "emmeans")
    if (is.null(data)) data_of_fit(object) else check_has_columns(check_data(data), all.vars(full_formula(object)[[3L]]), object)
  }, sparsekin_error = conditionMessage)
  if (is.character(data)) return(data)
  task <- object$design$task_name
  if (!is.null(task)) data[[task]] <- factor(data[[task]])
  recover <- getExportedValue("emmeans", "recover_data")
  recover(object$call, stats::delete.response(stats::terms(full_formula(object))), NULL, data = data, ...)
}

check_has_columns <- function(data, wanted, fit) {
  absent <- setdiff(intersect(wanted, c(fit$design$variables, fit$design$task_name)), names(data))
  if (!length(absent)) return(data)
  stop_sparsekin("The data lack ", list_names(absent), ", which the fit uses.", class = "sparsekin_DataError")
}

emm_basis_of <- function(object, trms, xlev, grid, ...) {
  size <- nrow(grid)
  list(
    X = diag(size), bhat = unname(stats::predict(object, grid, type = "link")), nbasis = matrix(NA_real_),
    V = matrix(NA_real_, size, size), dffun = function(k, dfargs) NA_real_, dfargs = list(), misc = c(emm_link(object$families[[1L]]), list(
      initMesg = "No standard errors: the features were selected on the same rows. stability(fit) has honest ones of slopes."
    ))
  )
}

emm_link <- function(family) {
  switch(family,
    binomial = list(tran = "logit", inv.lbl = "prob"), poisson = list(tran = "log", inv.lbl = "rate"),
    cox = list(tran = "log", inv.lbl = "hazard"), list()
  )
}

check_one_outcome <- function(fit, package) {
  if (fit$design$multi_label) {
    stop_sparsekin(package, " asks for one outcome; this fit has ", length(fit$tasks), ".", class = "sparsekin_Unavailable")
  }
  if (length(unique(fit$families)) > 1L) {
    stop_sparsekin(
      package, " asks for one family; tasks of this fit are of several: ", list_names(unique(fit$families)), ".",
      class = "sparsekin_Unavailable"
    )
  }
}

# ---- marginaleffects

# "term:task"
get_coef_of <- function(model, ...) {
  coefficients <- model$coefficients
  stats::setNames(as.vector(coefficients), outer(rownames(coefficients), colnames(coefficients), paste, sep = ":"))
}

get_predict_of <- function(model, newdata = NULL, type = "response", ...) {
  check_one_outcome(model, "marginaleffects")
  if (is.null(newdata)) newdata <- data_of_fit(model)
  if (is.null(type) || ("cox" %in% model$families && type == "response")) type <- if ("cox" %in% model$families) "risk" else "response"
  data.frame(rowid = if (is.null(newdata$rowid)) seq_len(nrow(newdata)) else newdata$rowid, estimate = unname(stats::predict(model, newdata, type = type)))
}

get_vcov_of <- function(model, vcov = TRUE, ...) {
  if (is.null(vcov) || isFALSE(vcov)) return(NULL)
  stop_sparsekin(
    "marginaleffects would compute standard errors as if the selected features had been chosen in advance, which is too optimistic: give ",
    "vcov = FALSE for estimates without them. stability(fit) has honest ones of slopes.", class = "sparsekin_Unavailable"
  )
}

set_coef_of <- function(model, coefs, ...) get_vcov_of(model)
