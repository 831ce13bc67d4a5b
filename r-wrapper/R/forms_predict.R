#' Predict, translate and impute with a linear mixed form
#'
#' `predict()` gives the responses expected given X, and given Z where it is known. Rows of a task the fit has not seen, or
#' without the columns of Z, are predicted at population level: averaged over Z, and where Z is the tasks, with an effect of
#' 0, as by a mixed model. Missing cells are left out of account. `translate()` goes from any table to any other, over all
#' tasks: where X differs between tasks, `translate(from = "x", to = "y")` holds what X tells of the task. `impute()` fills the missing cells of the fit.
#'
#' @param object a fit of [mixed_forms()].
#' @param newdata a data frame with the columns of the fit; without it, the rows of the fit.
#' @param type `"response"`: the responses; `"codes"`: the latent codes of the rows, from all that is known of them, the
#'   responses included.
#' @param from,to two of `"y"`, `"x"` and `"z"`.
#' @param ... not used.
#' @return `predict()` and `translate()`: a matrix with a row per row and a column per column of the table, in its units;
#'   of `type = "codes"` columns `fixed_f1`, ..., `random_f1`, .... `impute()`: a list of the tables `y`, `x` and `z`.
#'   `fitted()`: the responses that the codes of the fit give, which have seen them. `residuals()`: `NA` where a response is
#'   missing.
#' @examplesIf sparsekin::core_available()
#' cars <- transform(mtcars, cyl = factor(cyl))
#' cars$hp[1:3] <- NA
#' fit <- mixed_forms(mpg + qsec ~ wt + hp + disp + drat, data = cars, task = "cyl", d = 2)
#' predict(fit, cars[1:3, ])
#' translate(fit, cars[1:3, ], from = "y", to = "x")
#' impute(fit)$x[1:3, ]
#' @name predict.mixed_forms
NULL

#' @rdname predict.mixed_forms
#' @export
predict.mixed_forms <- function(object, newdata = NULL, type = c("response", "codes"), ...) {
  type <- check_choice(first(type), "type", c("response", "codes"))
  if (type == "codes") return(predict_codes(object, newdata))
  tables <- if (is.null(newdata)) known_tables(object, c("x", "z")) else new_tables(object, newdata, "x", z_if_any(object))
  expected_y(object, tables, if (is.null(newdata)) object$design$task else task_of(object$design, newdata), row_names(object, newdata))
}

# The responses expected given X, and Z or the task; an unknown task has the effect 0.
expected_y <- function(fit, tables, task, rows) {
  if (!fit$adds_effects) {
    codes <- expected_codes(fit, tables)
    return(on_scale(fit, "y", codes$K + codes$H, rows))
  }
  codes <- expected_codes(fit, tables["x"])
  effects <- rbind(fit$task_shifts, 0)
  at <- match(as.character(task), fit$tasks, nomatch = nrow(effects))
  fixed <- sweep((codes$K + codes$H) %*% t(matrix(fit$slopes, ncol = ncol(codes$K))), 2L, fit$level, `+`)
  fixed <- sweep(sweep(fixed, 2L, fit$scale$y, `*`), 2L, fit$center$y, `+`)
  `dimnames<-`(fixed, list(rows, rownames(fit$loadings$y))) + effects[if (is.null(task)) rep(nrow(effects), length(rows)) else at, , drop = FALSE]
}

# The task of each row of new data, NULL without that column.
task_of <- function(design, newdata) newdata[[design$task_name]]

predict_codes <- function(object, newdata) {
  codes <- if (is.null(newdata)) list(K = object$codes_fixed, H = object$codes_random) else {
    row_codes(object, new_tables(object, newdata, "x", c("y", z_if_any(object))))
  }
  values <- cbind(codes$K, codes$H)
  factors <- colnames(object$codes_fixed)
  dimnames(values) <- list(row_names(object, newdata), c(paste0("fixed_", factors), paste0("random_", factors)))
  values
}

row_names <- function(object, newdata) if (is.null(newdata)) object$design$rows else row.names(newdata)

z_if_any <- function(object) if (nrow(object$loadings$z)) "z" else character()

known_tables <- function(object, which) {
  Filter(function(table) ncol(table) > 0L, all_tables(object$design)[which])
}

#' @rdname predict.mixed_forms
#' @export
translate <- function(object, ...) UseMethod("translate")

#' @export
translate.default <- function(object, ...) hand_over("translate", object, ...)

#' @rdname predict.mixed_forms
#' @export
translate.mixed_forms <- function(object, newdata = NULL, from = "x", to = "y", ...) {
  check_choice(from, "from", blocks)
  check_choice(to, "to", blocks)
  if (from == to) stop_sparsekin("from and to are both \"", to, "\"; name two tables.", class = "sparsekin_OptionError")
  for (name in c(from, to)) {
    if (!nrow(object$loadings[[name]])) {
      stop_sparsekin(
        "The model has no table \"", name, "\": it was fitted without Z or tasks.", class = "sparsekin_OptionError"
      )
    }
  }
  tables <- if (is.null(newdata)) known_tables(object, from) else new_tables(object, newdata, from)
  codes <- expected_codes(object, tables)
  on_scale(object, to, code_of(codes, to), row_names(object, newdata))
}

code_of <- function(codes, block) switch(block, y = codes$K + codes$H, x = codes$K, z = codes$H)

#' @rdname predict.mixed_forms
#' @export
impute <- function(object, ...) UseMethod("impute")

#' @export
impute.default <- function(object, ...) hand_over("impute", object, ...)

#' @rdname predict.mixed_forms
#' @export
impute.mixed_forms <- function(object, ...) {
  tables <- known_tables(object, blocks)
  codes <- expected_codes(object, tables)
  filled <- lapply(names(tables), function(name) {
    expected <- on_scale(object, name, code_of(codes, name), object$design$rows)
    seen <- !is.na(tables[[name]])
    varying <- apply(tables[[name]], 2L, function(values) length(unique(values[!is.na(values)])) > 1L)
    none <- rowSums(seen[, varying, drop = FALSE]) == 0L
    if (name == "y" && object$adds_effects && any(none)) {
      expected[none, ] <- expected_y(object, tables, object$design$task, object$design$rows)[none, ]
    }
    replace(expected, seen, tables[[name]][seen])
  })
  stats::setNames(filled, names(tables))
}

#' @rdname predict.mixed_forms
#' @export
fitted.mixed_forms <- function(object, ...) object$fitted.values

#' @rdname predict.mixed_forms
#' @export
residuals.mixed_forms <- function(object, ...) object$residuals
