# Errors and warnings of this package, whichever language they come from.

stop_sparsekin <- function(..., class = character(), call = NULL, traceback = NULL) {
  condition <- structure(
    list(message = paste0(...), call = call, traceback = traceback),  # not `trace`, which rlang reads
    class = c(class, "sparsekin_error", "error", "condition")
  )
  stop(condition)
}

# Ctrl-C while Python worked: what tryCatch(interrupt = ) catches, as if R had been at work.
stop_interrupted <- function(message) {
  stop(structure(
    list(message = message, call = NULL), class = c("sparsekin_KeyboardInterrupt", "interrupt", "condition")
  ))
}

warn_sparsekin <- function(..., class = character()) {
  warning(structure(
    list(message = paste0(...), call = NULL),
    class = c(class, "sparsekin_warning", "warning", "condition")
  ))
}

# "a", "b" and 3 more
list_names <- function(names, most = 8L) {
  shown <- paste0("'", utils::head(names, most), "'", collapse = ", ")
  left <- length(names) - most
  if (left > 0L) paste0(shown, " and ", left, " more") else shown
}

# The closest of `known`, or nothing.
suggest <- function(name, known) {
  far <- utils::adist(name, known, ignore.case = TRUE)
  if (!length(far) || min(far) > max(1, nchar(name) %/% 3)) return("")
  paste0(" Did you mean '", known[which.min(far)], "'?")
}

check_choice <- function(value, name, choices) {
  if (any(vapply(choices, identical, NA, value))) return(value)
  listed <- paste(vapply(choices, deparse, ""), collapse = ", ")
  stop_sparsekin(name, " = ", deparse1(value), " is not one of ", listed, ".", class = "sparsekin_OptionError")
}
