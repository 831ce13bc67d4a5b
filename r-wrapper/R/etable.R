#' Fits side by side, a column per task
#'
#' A table for a manuscript: a row per term, a column per task of each fit, and below them rows, features, settings and errors.
#'
#' @param ... fits of [sparse_mtl()], [refit()] or [mtl_study()], or one list of them; names head their columns.
#' @param heldout `TRUE`: instead of coefficients the effects estimated on halves of the rows that had no part in the choice, with their
#'   standard errors; every fit needs [stability()] then.
#' @param digits significant digits of the text, 1 to 15.
#' @param x a table of `etable()`.
#' @param as how it is written: `"text"`, `"html"` or `"latex"`.
#' @param row.names,optional not used.
#' @return `etable()`: an object of class `mtl_etable`; knitr writes it as HTML or LaTeX. `format()`: lines of text. `as.data.frame()`: the cells as text,
#'   with the column `term`. `tidy()`: the numbers, a row per cell: `model`, `task` (`"all"` where one model serves all of them), `term`,
#'   `kind` (`"term"`, or `"foot"` for what stands below), `estimate`, and of held-out effects `std.error`, `conf.low`, `conf.high`, `p.value`.
#' @examplesIf sparsekin::core_available()
#' one <- sparse_mtl(mpg ~ ., data = mtcars, task = "am", s = 2, lambda_2 = Inf)
#' each <- sparse_mtl(mpg ~ ., data = mtcars, task = "am", s = 2)
#' made <- etable(pooled = one, each = each)
#' made
#' cat(format(made, "latex"), sep = "\n")
#' @export
etable <- function(..., heldout = FALSE, digits = 3) {
  check_choice(heldout, "heldout", list(TRUE, FALSE))
  if (!is.numeric(digits) || length(digits) != 1L || is.na(digits) || digits != round(digits) || digits < 1 || digits > 15) {
    stop_sparsekin("digits must be a whole number from 1 to 15.", class = "sparsekin_OptionError")
  }
  fits <- named_fits(list(...))
  columns <- do.call(c, Map(columns_of_fit, names(fits), fits, heldout, USE.NAMES = FALSE))
  terms <- unique(unlist(lapply(fits, terms_in_order, heldout = heldout), use.names = FALSE))
  structure(list(columns = columns, terms = as.character(terms), heldout = heldout, digits = digits), class = "mtl_etable")
}

# What stands below the coefficients -> how it is called.
feet_names <- c(
  rows = "Rows", selected = "Features", s = "s, at most", lambda_1 = "lambda_1", lambda_2 = "lambda_2", lambda_z = "lambda_z",
  rmse = "RMSE", r2 = "R2", explained = "Deviance explained", auc = "AUC", concordance = "C"
)

# Fits by name; one alone has none.
named_fits <- function(given) {
  is_fit <- function(one) inherits(one, "sparse_mtl") || inherits(one, "mtl_study")
  if (length(given) == 1L && is.list(given[[1L]]) && !is_fit(given[[1L]]) && is.null(attr(given[[1L]], "class"))) given <- given[[1L]]
  if (!length(given)) stop_sparsekin("etable() needs at least one fit.", class = "sparsekin_OptionError")
  named <- names(given)
  if (is.null(named)) named <- rep("", length(given))
  if (length(given) > 1L) named[named == ""] <- paste0("(", seq_along(given), ")")[named == ""]
  for (i in seq_along(given)) {
    if (!is_fit(given[[i]])) {
      stop_sparsekin(
        "etable() is for fits of sparse_mtl() and their averages, but ", if (named[i] == "") "what was given" else dQuote(named[i], FALSE),
        " is of class ", class(given[[i]])[1L], ".", class = "sparsekin_OptionError"
      )
    }
  }
  fits <- lapply(given, function(one) if (inherits(one, "mtl_study")) fit_of_study(one) else one)
  stats::setNames(fits, named)
}

# Features in the order of importance, then always-in terms.
terms_in_order <- function(fit, heldout) c(rownames(fit$support)[fit$ranked], if (!heldout) colnames(fit$design$keep))

# A column per task: model, task, terms (a data frame), feet (numbers by name).
columns_of_fit <- function(model, fit, heldout) {
  pooled <- !heldout && length(fit$tasks) > 1L && identical(as.numeric(fit$lambda_2), Inf)
  rows <- if (heldout) heldout_rows(model, fit) else fitted_rows(fit)
  lapply(if (pooled) fit$tasks[1L] else fit$tasks, function(task) {
    terms <- rows[rows$task == task, setdiff(names(rows), "task"), drop = FALSE]
    list(
      model = model, task = if (pooled) "all" else as.character(task), terms = `row.names<-`(terms, NULL),
      feet = feet_of(fit, if (pooled) fit$tasks else task)
    )
  })
}

fitted_rows <- function(fit) {
  rows <- tidy_terms(fit, fit$ranked, fit$support)
  rows[rows$kind != "intercept", c("term", "task", "estimate")]
}

heldout_rows <- function(model, fit) {
  if (is.null(fit$stability)) {
    which <- if (model == "") "the fit has" else paste("the fit", dQuote(model, FALSE), "has")
    stop_sparsekin(
      "heldout = TRUE needs half-samples, and ", which, " none; call stability() first.", class = "sparsekin_OptionError"
    )
  }
  rows <- tidy(fit, conf.int = TRUE)
  rows <- rows[rows$kind == "candidate", c("term", "task", "estimate_heldout", "std.error", "conf.low", "conf.high", "p.value")]
  names(rows)[3L] <- "estimate"
  rows
}

# Of some tasks: the sum of rows, and means of the rest.
feet_of <- function(fit, tasks) {
  rows <- fit$task_fit[match(tasks, fit$tasks), , drop = FALSE]
  settings <- if (!inherits(fit, "sparse_mtl_average")) {
    c(s = max(fit$s), lambda_1 = fit$lambda_1, lambda_2 = fit$lambda_2, lambda_z = fit$lambda_z)
  }
  errors <- intersect(names(feet_names)[-(1:6)], names(rows))
  c(rows = sum(rows$n), selected = mean(rows$selected), settings, colMeans(rows[errors]))
}

#' @rdname etable
#' @method tidy mtl_etable
#' @export
tidy.mtl_etable <- function(x, ...) {
  made <- lapply(x$columns, function(one) {
    terms <- data.frame(model = one$model, task = one$task, one$terms, kind = rep("term", nrow(one$terms)))
    feet <- terms[rep(NA_integer_, length(one$feet)), ]
    feet$model <- one$model
    feet$task <- one$task
    feet$term <- names(one$feet)
    feet$estimate <- unname(one$feet)
    feet$kind <- rep("foot", length(one$feet))
    rbind(terms, feet)
  })
  made <- do.call(rbind, made)
  `row.names<-`(made[c("model", "task", "term", "kind", setdiff(names(made), c("model", "task", "term", "kind")))], NULL)
}

#' @rdname etable
#' @export
as.data.frame.mtl_etable <- function(x, row.names = NULL, optional = FALSE, ...) {
  feet <- names(feet_names)[names(feet_names) %in% unlist(lapply(x$columns, function(one) names(one$feet)))]
  cells <- lapply(x$columns, function(one) {
    below <- vapply(feet, function(name) digits_text(one$feet[name], if (name == "rows") max(x$digits, 6) else x$digits), "")
    c(cells_of_column(one, x), below)
  })
  heads <- vapply(x$columns, function(one) if (one$model == "") one$task else paste0(one$model, ": ", one$task), "")
  made <- data.frame(c(x$terms, feet_names[feet]), cells, row.names = NULL, check.names = FALSE)
  stats::setNames(made, c("term", heads))
}

# The text of each term in one column, blank where it is not selected.
cells_of_column <- function(column, table) {
  at <- match(table$terms, column$terms$term)
  vapply(at, function(i) {
    text <- if (is.na(i)) "" else digits_text(column$terms$estimate[i], table$digits)
    se <- if (is.na(i) || !table$heldout) NA_real_ else column$terms$std.error[i]
    if (text != "" && is.finite(se)) paste0(text, " (", digits_text(se, 2), ")") else text
  }, "")
}

# To some significant digits; large whole numbers in full.
digits_text <- function(value, digits) {
  if (is.na(value)) return("")
  if (abs(value) >= 10^digits && abs(value) < 1e8) sprintf("%.0f", value) else sub("Inf", "inf", sprintf("%.*g", as.integer(digits), value))
}

etable_note <- function(x) {
  if (x$heldout) {
    "Effects with standard errors in brackets, estimated on halves of the rows that had no part in the choice."
  } else {
    paste(
      "Coefficients in the units of the data, blank where a task does not select the feature; no standard errors, for the",
      "same rows selected the features."
    )
  }
}

#' @rdname etable
#' @export
format.mtl_etable <- function(x, as = c("text", "html", "latex"), ...) {
  as <- check_choice(first(as), "as", c("text", "html", "latex"))
  cells <- as.data.frame(x)
  switch(as, text = text_lines(cells, etable_note(x)), html = html_lines(cells, etable_note(x)), latex = latex_lines(cells, etable_note(x)))
}

text_lines <- function(cells, note) {
  columns <- Map(function(head, body, side) format(c(head, body), justify = side), c("", names(cells)[-1L]), cells, c("left", rep("right", length(cells) - 1L)))
  c(trimws(do.call(paste, c(unname(columns), sep = "  ")), "right"), "", strwrap(note, 79L))
}

html_lines <- function(cells, note) {
  safe <- function(text) gsub(">", "&gt;", gsub("<", "&lt;", gsub("&", "&amp;", text, fixed = TRUE), fixed = TRUE), fixed = TRUE)
  row <- function(line, tag) paste0("<tr>", paste0("<", tag, ">", safe(line), "</", tag, ">", collapse = ""), "</tr>")
  body <- vapply(seq_len(nrow(cells)), function(i) row(unlist(cells[i, ], use.names = FALSE), "td"), "")
  c("<table>", row(c("", names(cells)[-1L]), "th"), body, "</table>", paste0("<p>", safe(note), "</p>"))
}

latex_lines <- function(cells, note) {
  safe <- function(text) {
    text <- gsub("\\", "\u0001", text, fixed = TRUE)
    text <- gsub("([&%$#_{}])", "\\\\\\1", text)
    text <- gsub("~", "\\textasciitilde{}", gsub("^", "\\textasciicircum{}", text, fixed = TRUE), fixed = TRUE)
    gsub("\u0001", "\\textbackslash{}", text, fixed = TRUE)
  }
  row <- function(line) paste0(paste(safe(line), collapse = " & "), " \\\\")
  body <- vapply(seq_len(nrow(cells)), function(i) row(unlist(cells[i, ], use.names = FALSE)), "")
  c(
    paste0("\\begin{tabular}{l", strrep("r", length(cells) - 1L), "}"), "\\hline", row(c("", names(cells)[-1L])), "\\hline", body, "\\hline",
    "\\end{tabular}", "", safe(note)
  )
}

#' @rdname etable
#' @export
print.mtl_etable <- function(x, ...) {
  cat(format(x), sep = "\n")
  invisible(x)
}

#' @exportS3Method knitr::knit_print
knit_print.mtl_etable <- function(x, ...) {
  lines <- format(x, if (knitr::is_latex_output()) "latex" else "html")
  knitr::asis_output(paste0("\n", paste(lines, collapse = "\n"), "\n"))
}
