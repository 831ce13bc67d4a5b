# New rows beside their predictions, and the residuals of outcomes that they have.
augment_new <- function(fit, data, newdata, ...) {
  if (!is.null(data)) {
    stop_sparsekin(
      "Give data, the rows of the fit, or newdata, other rows; not both.", class = "sparsekin_OptionError"
    )
  }
  newdata <- check_data(newdata, empty = TRUE)
  forms <- inherits(fit, "mixed_forms")
  several <- forms || fit$design$multi_label
  fitted <- as.matrix(predict(fit, newdata, ...))
  y <- new_outcomes(fit, newdata, if (several) colnames(fitted) else ".resid")
  resid <- if (several) y - fitted[, colnames(y), drop = FALSE] else y - fitted[, rep(1L, ncol(y))]
  named <- function(values, stem) `colnames<-`(values, if (several) paste0(rep(stem, ncol(values)), colnames(values)))
  parts <- list(named(fitted, ".fitted_"), named(resid, ".resid_"))
  if (forms) {
    codes <- predict(fit, newdata, type = "codes")
    parts <- c(list(`colnames<-`(codes, paste0(".", colnames(codes)))), parts)
  }
  added <- as.data.frame(do.call(cbind, parts), optional = TRUE)
  if (!several) names(added) <- c(".fitted", ".resid")[seq_along(added)]
  place_beside(newdata, added)
}

# What says how new rows are predicted says nothing of the rows of the fit.
check_of_new_rows <- function(given) {
  if (length(given)) {
    stop_sparsekin(
      paste(given, collapse = ", "), if (length(given) == 1L) " is" else " are", " about newdata; give the new rows as newdata.",
      class = "sparsekin_OptionError"
    )
  }
}

# (m, .) the outcomes, called `names`, whose columns are among those of the new rows.
new_outcomes <- function(fit, newdata, names) {
  design <- fit$design
  if (identical(design$parts$call, "Surv")) return(matrix(NA_real_, nrow(newdata), 0L)) # new rows have no martingale residuals
  forms <- inherits(fit, "mixed_forms")
  side <- if (forms) design$responses else attr(design$terms, "variables")[[2L]]
  columns <- if (forms) design$recipes$y$columns else design$outcome_columns
  pieces <- if (forms) lapply(summands(side), `[[`, "term") else list(side)
  if (is.call(side) && identical(side[[1L]], quote(cbind)) && is.null(design$parts)) pieces <- as.list(side)[-1L]
  whole <- length(pieces) != length(names)
  if (whole) pieces <- list(side)
  out <- matrix(NA_real_, nrow(newdata), length(names), dimnames = list(NULL, names))
  known <- logical(length(names))
  for (i in seq_along(pieces)) {
    if (!all(intersect(all.vars(pieces[[i]]), columns) %in% names(newdata))) next
    at <- if (whole) seq_along(names) else i
    out[, at] <- in_formula(fit$formula, new_outcome(pieces[[i]], design, newdata))
    known[at] <- TRUE
  }
  out[, known, drop = FALSE]
}

# (m, .) one outcome, as numbers.
new_outcome <- function(term, design, newdata) {
  y <- eval(term, newdata, environment(design$formula))
  known <- design$outcome_levels
  if (!is.null(known)) {
    check_levels(stats::setNames(list(y), deparse1(term)), stats::setNames(list(known), deparse1(term)))
    y <- as.double(as.character(y) == known[2L])
  }
  if (!is.null(design$parts)) y <- drop(shown_outcome(outcome_parts(y, "binomial", design$task_name), ""))
  frame <- structure(list(y), names = "y", class = "data.frame", row.names = row.names(newdata))
  read_outcomes(frame, structure(list(), response = 1L, variables = call("list", term)))
}
