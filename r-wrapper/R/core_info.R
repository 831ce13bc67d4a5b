#' The Python core
#'
#' The computations are done by the Python package of the same name. `core_available()` says whether it can be used, `core_version()`
#' which version it is, and `core_info()` which Python that is, why this one, and what is in the way and can be done where it cannot
#' be used. [install_core()] installs it.
#'
#' A fit, once made, needs no Python: it can be saved, printed and used to predict in a session without it. Loading the package asks for
#' no Python either.
#'
#' @param x an object of `core_info()`.
#' @param ... not used.
#' @return `core_available()`: `TRUE` or `FALSE`. `core_version()`: a [package_version]; an error of class `sparsekin_error` when
#'   the core is missing or does not belong to this version of the R package. `core_info()`: a list of class `sparsekin_core_info` with
#'   `available`, `python` (its file), `chosen` (why this one), `version` (of the core; `NULL` where there is none), `wrapper` (of this package),
#'   `environment` (the folder of [install_core()]), `installed` (whether it is there), `cause` (what Python said; `NULL` where all is well) and
#'   `remedies`.
#' @seealso [install_core()], where the order is told in which a Python is chosen.
#' @examples
#' core_available()
#' core_info()
#' if (core_available()) core_version()
#' @export
core_available <- function() {
  if (!is.null(getOption("sparsekin.transport"))) return(TRUE)
  tryCatch({
    choose_python()
    suppressWarnings(reticulate::import("sparsekin.bridges.columns.door"))
    seen$cause <- NULL
    TRUE
  }, error = function(e) {
    seen$cause <- trimws(strsplit(conditionMessage(e), "\n\nRun `reticulate")[[1L]][1L])
    FALSE
  })
}

#' @rdname core_available
#' @export
core_version <- function() {
  found <- package_version(call_core("version")$version)
  check_version(found, utils::packageVersion("sparsekin"))
  found
}

#' @rdname core_available
#' @export
core_info <- function() {
  available <- core_available()
  inside <- !is.null(getOption("sparsekin.transport"))
  wrapper <- utils::packageVersion("sparsekin")
  home <- private_environment()
  found <- if (available) tryCatch(call_core("version"), error = identity)
  structure(list(
    available = available && !inherits(found, "error"), python = if (!inside) python_in_use(),
    chosen = if (inside) "R runs inside it" else seen$chosen,
    version = if (is.list(found) && length(found$version) && !inherits(found, "error")) package_version(found$version) else seen$version,
    wrapper = wrapper,
    environment = home, installed = file.exists(python_of(home)),
    cause = if (inherits(found, "error")) conditionMessage(found) else seen$cause, remedies = c(if (!available) not_a_python(), remedies)
  ), class = "sparsekin_core_info")
}

remedies <- c(
  "sparsekin::install_core() installs it into an environment of its own",
  "RETICULATE_PYTHON=/path/to/python, set before R starts, names a Python that has it",
  "R started from an activated virtual or conda environment that has it uses that"
)

# What to do about a RETICULATE_PYTHON that reticulate cannot start, or NULL. It may also be a folder.
not_a_python <- function() {
  named <- Sys.getenv("RETICULATE_PYTHON")
  if (!nzchar(named) || named == "managed" || reticulate::py_available()) return(NULL)
  path <- path.expand(named)
  if (dir.exists(path)) path <- c(file.path(path, if (.Platform$OS.type == "windows") "python.exe" else "python"), python_of(path))
  for (python in path) if (!is.null(python_version(python))) return(NULL)
  paste0("RETICULATE_PYTHON is '", named, "', which is no Python: unset it (Sys.unsetenv(\"RETICULATE_PYTHON\")) and restart R")
}

python_in_use <- function() {
  found <- tryCatch(
    if (reticulate::py_available()) reticulate::py_config()$python else reticulate::py_discover_config()$python, error = function(e) NULL
  )
  if (is.null(found)) Sys.getenv("RETICULATE_PYTHON", "none") else found
}

said_of_missing <- function(info) {
  paste0(
    "The Python package 'sparsekin' was not found (Python: ", info$python, "; ", info$chosen, "). What to do, in a new session of R:\n",
    paste0(seq_along(info$remedies), ". ", info$remedies, collapse = "\n"),
    if (length(info$cause)) paste0("\nPython said: ", info$cause)
  )
}

#' @rdname core_available
#' @export
print.sparsekin_core_info <- function(x, ...) {
  cat("R package ", format(x$wrapper), ", core ", if (is.null(x$version)) "not found" else format(x$version), "\n", sep = "")
  if (length(x$python)) cat("Python: ", x$python, "\n", sep = "")
  cat("chosen: ", x$chosen, "\n", sep = "")
  cat("install_core(): ", x$environment, if (!x$installed) " (not there)", "\n", sep = "")
  if (!x$available) cat("Cannot be used: ", x$cause, "\n", paste0("  ", seq_along(x$remedies), ". ", x$remedies, "\n"), sep = "")
  invisible(x)
}

# The first two numbers must agree.
check_version <- function(core, wrapper) {
  if (!identical(unlist(core)[1:2], unlist(wrapper)[1:2])) {
    stop_sparsekin(
      "The R package sparsekin is version ", format(wrapper), " but its Python core is ", format(core), "; ",
      "install the same version of both (see install_core()).",
      class = "sparsekin_VersionError"
    )
  }
}
