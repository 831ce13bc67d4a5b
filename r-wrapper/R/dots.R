# Arguments that a method does not have are refused by name, for dots would swallow them. Every method of this package is
# given that check in zzz.R.

# What other packages call an argument of ours.
called_elsewhere <- c(
  newx = "newdata", new_data = "newdata", rule = "which", lambda.min = "which", choice = "which", conf.level = "level",
  time.limit = "time_limit", max.features = "max_features", seed = "rng"
)

# An error if the method that calls this was given more than its own arguments.
refuse_dots <- function(...) {
  if (!...length()) return(invisible())
  caller <- sys.parent()
  own <- setdiff(names(formals(sys.function(caller))), "...")
  given <- names(match.call(expand.dots = FALSE)$...)
  names <- if (is.null(given)) rep("", ...length()) else given
  if (all(c("effects", "parametric") %in% names)) {  # pool() of mice
    stop_sparsekin(
      "Rubin's rules need the same terms with standard errors in every imputed data set, and a selection has neither; pool_imputed(fits) says ",
      "how often each feature is selected, and pools the terms of keep.", class = "sparsekin_Unavailable"
    )
  }
  verb <- sub("\\..*", "", deparse1(sys.call(caller)[[1L]]))
  stop_sparsekin(
    verb, "() has no argument ", list_arguments(names), " here; it takes ", paste(own, collapse = ", "), ".",
    near_argument(names, own[-1L]), class = "sparsekin_OptionError"
  )
}

list_arguments <- function(names) {
  unnamed <- sum(names == "")
  said <- c(
    if (any(names != "")) list_names(names[names != ""]),
    if (unnamed > 0L) paste("without a name after its own", if (unnamed > 1L) paste0("(", unnamed, " of them)"))
  )
  trimws(paste(said, collapse = " and "))
}

# The argument that was probably meant, or nothing.
near_argument <- function(names, own) {
  for (name in names[names != ""]) {
    known <- called_elsewhere[name]
    if (!is.na(known) && known %in% own) return(paste0(" Did you mean '", known, "'?"))
    close <- suggest(name, own)
    if (nzchar(close)) return(close)
  }
  ""
}
