# What each argument may be, by name: one table for all functions and methods, which check it before anything else (zzz.R).

# whole: whole numbers; least, above, most, below: its range; many: several values; null: NULL; infinite: Inf as well;
# text: text instead of numbers; flag: TRUE or FALSE; words: text that it may be besides.
kind_of_argument <- function(whole = FALSE, least = -Inf, above = -Inf, most = Inf, below = Inf, many = FALSE, null = FALSE,
                             words = NULL, infinite = FALSE, text = FALSE, flag = FALSE) {
  as.list(environment())
}

penalty_or_several <- kind_of_argument(least = 0, many = TRUE, words = "auto")
infinite_or_several <- utils::modifyList(penalty_or_several, list(infinite = TRUE))
one_penalty <- kind_of_argument(least = 0)
on_or_off <- kind_of_argument(flag = TRUE)
coverage <- kind_of_argument(above = 0, below = 1)
a_choice <- kind_of_argument(text = TRUE, many = TRUE)
names_or_none <- kind_of_argument(text = TRUE, many = TRUE, null = TRUE)

argument_kinds <- list(
  s = kind_of_argument(whole = TRUE, least = 0, many = TRUE), lambda_1 = kind_of_argument(least = 0, words = "auto"),
  lambda_2 = kind_of_argument(least = 0, infinite = TRUE),
  lambda_z = one_penalty, effort = kind_of_argument(whole = TRUE, least = 0, most = 2),
  gap = kind_of_argument(least = 0), time_limit = kind_of_argument(above = 0, infinite = TRUE),
  stages = kind_of_argument(whole = TRUE, least = 1, most = 2), n_jobs = kind_of_argument(whole = TRUE, null = TRUE),
  rng = kind_of_argument(whole = TRUE, least = 0, null = TRUE), progress = on_or_off, bounds = on_or_off,
  support = a_choice, missing = a_choice, task_weights = a_choice, solver = a_choice, method = a_choice, scheme = a_choice,
  metric = names_or_none, ensemble = a_choice, algorithm = a_choice, penalty = a_choice, target = a_choice, which = a_choice,
  how = a_choice, type = a_choice, from = a_choice, to = a_choice, what = a_choice, part = a_choice, kind = a_choice,
  block = a_choice, parm = a_choice, interval = a_choice, ties = a_choice, terms = a_choice, term = names_or_none,
  over = names_or_none, keep = names_or_none, variables = names_or_none, variable = kind_of_argument(text = TRUE),
  pair = names_or_none, n_lambda = kind_of_argument(whole = TRUE, least = 1), l1_ratio = kind_of_argument(least = 0, most = 1),
  linear = kind_of_argument(above = 0, most = 1, null = TRUE), relaxed = on_or_off, tolerance = kind_of_argument(above = 0), memory = kind_of_argument(above = 0, infinite = TRUE),
  reduce_basis = kind_of_argument(least = 0, most = 1, null = TRUE), order = kind_of_argument(whole = TRUE, least = 0, most = 2),
  d = kind_of_argument(whole = TRUE, least = 1), ridge = one_penalty, l1 = one_penalty, orthogonal = on_or_off,
  starts = kind_of_argument(whole = TRUE, least = 1), max_sweeps = kind_of_argument(whole = TRUE, least = 1),
  n = kind_of_argument(whole = TRUE, least = 2), level = coverage,
  max_features = kind_of_argument(whole = TRUE, least = 1, infinite = TRUE),
  max_labels = kind_of_argument(whole = TRUE, least = 0, infinite = TRUE),
  max_columns = kind_of_argument(whole = TRUE, least = 1, infinite = TRUE),
  factors = kind_of_argument(whole = TRUE, least = 1, many = TRUE), pairs = kind_of_argument(whole = TRUE, least = 10),
  retune = on_or_off, fdr = kind_of_argument(above = 0, most = 1), at_least = kind_of_argument(whole = TRUE, least = 1),
  gate = on_or_off, draws = kind_of_argument(whole = TRUE, least = 1), m = kind_of_argument(whole = TRUE, least = 1),
  within = kind_of_argument(above = 0, null = TRUE), rows = names_or_none, time = kind_of_argument(above = 0, null = TRUE),
  as = a_choice, folder = kind_of_argument(text = TRUE),
  nsim = kind_of_argument(whole = TRUE, least = 1), seed = kind_of_argument(whole = TRUE, null = TRUE), conf.int = on_or_off, exponentiate = on_or_off, conf.level = coverage
)
# Where several settings are tried.
grid_kinds <- utils::modifyList(argument_kinds, list(
  s = kind_of_argument(whole = TRUE, least = 0, many = TRUE, words = "auto"), lambda_1 = penalty_or_several,
  lambda_2 = infinite_or_several, lambda_z = penalty_or_several, d = kind_of_argument(whole = TRUE, least = 1, many = TRUE),
  l1_ratio = kind_of_argument(least = 0, most = 1, many = TRUE),
  linear = kind_of_argument(above = 0, most = 1, many = TRUE, null = TRUE, words = "auto")
))

# Of compare_models(), whose lambda_1 depends on the families where it is not given.
compare_kinds <- utils::modifyList(grid_kinds, list(lambda_1 = utils::modifyList(penalty_or_several, list(null = TRUE))))

# Of mixed_forms(), whose weights are those of its tables.
forms_kinds <- utils::modifyList(argument_kinds, list(weights = a_choice))

# Refuse the arguments of a call, its environment given, that are of another kind; those that are not given are left alone.
check_arguments <- function(env, kinds = argument_kinds) {
  for (name in intersect(ls(env), names(kinds))) {
    if (eval(bquote(base::missing(.(as.name(name)))), env)) next
    value <- get(name, env)
    check_kind(value, name, kinds[[name]])
    if (length(value) == 1L && !kinds[[name]]$many && !is.null(names(value))) assign(name, unname(value), env) # c(x = 1) is 1
  }
}

# Arguments without a default, but for those of which the function asks itself whether they are missing.
needed_arguments <- function(verb) {
  bare <- names(Filter(function(default) is.symbol(default) && !nzchar(as.character(default)), formals(verb)))
  asked <- paste0("missing(", bare, ")")
  text <- paste(deparse(body(verb)), collapse = " ")
  setdiff(bare[bare %in% all.vars(body(verb)) & !vapply(asked, grepl, NA, text, fixed = TRUE)], "...")
}

check_there <- function(env, needed, verb) {
  for (name in needed) {
    if (eval(bquote(base::missing(.(as.name(name)))), env)) stop_without(verb, name)
  }
}

stop_without <- function(verb, name) {
  stop_sparsekin(verb, "() needs ", name, ", which has no default", if (name == "s") " (cv_sparse_mtl() chooses it)", ".", class = "sparsekin_OptionError")
}

check_kind <- function(value, name, kind) {
  if (is_of_kind(value, kind)) return(value)
  stop_sparsekin(name, " must be ", say_kind(kind), ", not ", shorten(say_value(value), 60L), ".", class = "sparsekin_OptionError")
}

# Of methods that zzz.R leaves alone.
check_level <- function(level) check_kind(level, "level", coverage)

say_value <- function(value) {
  if (is.integer(value) && is.null(attributes(value))) value <- as.double(value)  # 1, not 1L
  deparse1(value)
}

is_of_kind <- function(value, kind) {
  if (is.null(value)) return(kind$null)
  if (kind$flag) return(isTRUE(value) || isFALSE(value))
  if (is.character(value) && any(vapply(kind$words, identical, NA, value))) return(TRUE)
  if (!length(value) || (length(value) > 1L && !kind$many)) return(FALSE)
  if (kind$text) return(is.character(value) && !anyNA(value) && all(nzchar(value)))
  if (kind$many && is.list(value) && !is.object(value) && !is.null(names(value)) && all(lengths(value) == 1L)) value <- unlist(value)
  if (!is.numeric(value) || is.object(value) || anyNA(value)) return(FALSE)
  whole <- !kind$whole || all(is.infinite(value) | (value == trunc(value) & abs(value) < 2^31))
  whole && (kind$infinite || all(is.finite(value))) && all(value >= kind$least & value > kind$above & value <= kind$most & (kind$below == Inf | value < kind$below))
}

say_kind <- function(kind) {
  if (kind$flag) return("TRUE or FALSE")
  what <- if (kind$text) "text in quotes" else {
    paste0(if (kind$many) "" else "one ", if (kind$whole) "whole number" else "number", if (kind$many) "s")
  }
  range <- if (is.finite(kind$below)) paste("between", kind$above, "and", kind$below) else c(
    if (is.finite(kind$least)) paste("of at least", format(kind$least)), if (is.finite(kind$above)) paste("above", kind$above),
    if (is.finite(kind$most)) paste("of at most", format(kind$most, digits = 16L))
  )
  others <- c(if (kind$infinite) "Inf", sprintf("\"%s\"", kind$words), if (kind$null) "NULL")
  paste(c(paste(c(what, if (length(range)) paste(range, collapse = " and ")), collapse = " "), others), collapse = " or ")
}
