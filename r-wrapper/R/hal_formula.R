# Formulas with h() terms. The core reads h(); here a formula is only cut into its h() terms, which are never
# evaluated, and the rest, which is an ordinary formula.

# A list: formula (the rest; two-sided), calls (of language), names (columns named in h(); "." stands for all others).
read_smooth <- function(formula, data) {
  if (!inherits(formula, "formula") || length(formula) != 3L) {
    stop_sparsekin("formula must be two-sided, such as y ~ h(age) + sex.", class = "sparsekin_FormulaError")
  }
  pieces <- summands(formula[[3L]])
  smooth <- vapply(pieces, function(piece) is_smooth(piece$term) && !piece$minus, NA)
  terms <- lapply(pieces, `[[`, "term")
  plain <- pieces[!smooth]
  check_plain(plain)
  if (!any(smooth)) {
    stop_sparsekin(
      "The formula ", deparse1(formula), " has no h() term; write h(.) for main effects and h(., .) for pairs.",
      class = "sparsekin_FormulaError"
    )
  }
  rest <- formula
  rest[[3L]] <- add_pieces(plain)
  calls <- lapply(terms[smooth], read_call, env = environment(formula))
  named <- unique(unlist(lapply(calls, called_names)))
  absent <- setdiff(named, c(names(data), "."))
  if (length(absent)) {
    stop_sparsekin(
      "The formula names '", absent[1L], "', which the data do not have.", suggest(absent[1L], names(data)),
      class = "sparsekin_FormulaError"
    )
  }
  list(formula = rest, calls = calls, names = named)
}

is_smooth <- function(term) is.call(term) && identical(term[[1L]], quote(h))

# The terms between plus and minus signs: each a list of `term` and `minus`.
summands <- function(side, minus = FALSE) {
  if (is.call(side) && identical(side[[1L]], quote(`(`))) return(summands(side[[2L]], minus))
  if (!is.call(side) || !deparse1(side[[1L]]) %in% c("+", "-")) return(list(list(term = side, minus = minus)))
  last <- side[[length(side)]]
  own <- if (identical(side[[1L]], quote(`-`))) !minus else minus
  c(if (length(side) == 3L) summands(side[[2L]], minus), summands(last, own))
}

# Everything outside h() must be without h(), and name its columns.
check_plain <- function(pieces) {
  for (piece in pieces) {
    if ("h" %in% all.names(piece$term)[!all.names(piece$term) %in% all.vars(piece$term)]) {
      stop_sparsekin(
        "'", if (piece$minus) "-", deparse1(piece$term), "' in the formula: h() stands alone between plus signs.",
        class = "sparsekin_FormulaError"
      )
    }
    if ("." %in% all.vars(piece$term)) {
      stop_sparsekin(
        "'.' stands inside h() only: h(.) for main effects, h(., .) for pairs; name plain terms.",
        class = "sparsekin_FormulaError"
      )
    }
  }
}

add_pieces <- function(pieces) {
  Reduce(function(sum, piece) call(if (piece$minus) "-" else "+", sum, piece$term), pieces, 1)
}

# Options of h(), such as k = knots, take their value where the formula was written; columns stay names.
read_call <- function(call, env) {
  text <- deparse1(call)
  if (is.null(names(call))) return(call)
  for (at in which(nzchar(names(call)))) {
    value <- tryCatch(eval(call[[at]], env), error = function(e) {
      stop_sparsekin(
        names(call)[at], " = ", deparse1(call[[at]]), " in '", text, "' cannot be evaluated: ", conditionMessage(e), ".",
        class = "sparsekin_FormulaError"
      )
    })
    if (!is.atomic(value) || length(value) != 1L || is.na(value)) {
      stop_sparsekin(names(call)[at], " in '", text, "' must be one value.", class = "sparsekin_FormulaError")
    }
    call[[at]] <- value
  }
  call
}

called_names <- function(call) {
  arguments <- as.list(call)[-1L]
  if (!is.null(names(arguments))) arguments <- arguments[!nzchar(names(arguments))]
  vapply(arguments, function(one) {
    if (is.name(one)) return(as.character(one))
    stop_sparsekin(
      "'", deparse1(one), "' in '", deparse1(call), "' is no column; make it one before the fit.",
      class = "sparsekin_FormulaError"
    )
  }, "")
}

# h() as the core reads it: numbers in full, text in quotes.
smooth_text <- function(call) {
  arguments <- as.list(call)[-1L]
  given <- names(arguments)
  texts <- vapply(arguments, function(one) {
    if (is.name(one)) return(if (identical(one, quote(.))) "." else tick(as.character(one)))
    literal(one)
  }, "")
  if (!is.null(given)) texts <- ifelse(nzchar(given), paste0(given, "=", texts), texts)
  paste0("h(", paste(texts, collapse = ", "), ")")
}

literal <- function(value) {
  if (is.character(value)) return(encodeString(value, quote = "\""))
  if (is.logical(value)) return(if (value) "True" else "False")
  if (value == trunc(value) && abs(value) < 2^31) return(sprintf("%.0f", value))
  sprintf("%.17g", value)
}

# A name as the core reads it: between backticks where it must be, a backslash before each backtick or backslash in it.
tick <- function(name) {
  if (name != "." && identical(make.names(name), name)) return(name)
  paste0("`", gsub("([`\\\\])", "\\\\\\1", name), "`")
}
