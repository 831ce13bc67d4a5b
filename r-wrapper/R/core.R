# The way to the Python core: reticulate, or a function set as option `sparsekin.transport` where R itself runs
# inside Python (then reticulate must never start). Both take (method, header, raw vectors) and return a list of one
# text and raw vectors.

transport <- function() {
  given <- getOption("sparsekin.transport")
  if (!is.null(given)) return(given)
  if (!core_available()) {
    stop_sparsekin(
      "The Python package 'sparsekin' was not found (Python: ", python_in_use(), "). Install it with ",
      "sparsekin::install_core(), or set RETICULATE_PYTHON to a Python that has it and restart R.",
      if (length(seen$cause)) paste0("\nPython said: ", seen$cause), class = "sparsekin_CoreMissing"
    )
  }
  call <- reticulate::import("sparsekin.bridges.columns.door")$call
  if (is.null(seen$version)) {
    seen$version <- package_version(jsonlite::fromJSON(call("version", "{}")[[1L]])$value$version)
    check_version(seen$version, utils::packageVersion("sparsekin"))
  }
  call
}

# What is known of the core in this session: `version` once it was used, `cause` why it could not be.
seen <- new.env(parent = emptyenv())

no_arguments <- stats::setNames(list(), character())  # {} in JSON

python_in_use <- function() {
  found <- tryCatch(reticulate::py_discover_config()$python, error = function(e) NULL)
  if (is.null(found)) "none" else found
}

call_core <- function(method, arguments = no_arguments) {
  buffers <- new_buffers()
  header <- to_json(send_list(arguments, buffers))
  out <- do.call(transport(), c(list(method, as.character(header)), buffers$all()))
  reply <- jsonlite::fromJSON(out[[1L]], simplifyVector = FALSE)
  if (!isTRUE(reply$ok)) raise_reply(reply)
  for (said in reply$warnings) warn_sparsekin(said$message, class = paste0("sparsekin_", said$type))
  receive(reply$value, out[-1L])
}

raise_reply <- function(reply) {
  if (identical(reply$type, "KeyboardInterrupt")) stop_interrupted(reply$message)
  message <- reply$message
  if (!is.null(reply$traceback)) {
    message <- paste0("Internal error, please report it. ", message, "\n", reply$traceback)
  }
  stop_sparsekin(message, class = paste0("sparsekin_", reply$type), traceback = reply$traceback)
}

#' The Python core
#'
#' The computations are done by the Python package of the same name.
#' `core_available()` says whether it can be used (what is in the way stands in the error of a fit), `core_version()` which
#' version it is, and `install_core()` installs it into the Python environment
#' that 'reticulate' uses.
#'
#' A fit, once made, needs no Python: it can be saved, printed and used to
#' predict in a session without it.
#'
#' @param source what pip is asked to install: the name of the package with or
#'   without a version, or the directory of a copy of its sources.
#' @param ... passed to [reticulate::py_install()], for instance `envname`.
#' @return `core_available()`: `TRUE` or `FALSE`. `core_version()`: a
#'   [package_version]; an error of class `sparsekin_error` when the core is
#'   missing or does not belong to this version of the R package.
#'   `install_core()`: nothing.
#' @examples
#' core_available()
#' @export
core_available <- function() {
  if (!is.null(getOption("sparsekin.transport"))) return(TRUE)
  tryCatch({
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

#' @rdname core_available
#' @export
install_core <- function(source = "sparsekin", ...) {
  if (dir.exists(source)) source <- normalizePath(source)
  reticulate::py_install(source, pip = TRUE, ...)
  invisible()
}

.onLoad <- function(libname, pkgname) {
  register_refusals()
  register_elsewhere()
}
