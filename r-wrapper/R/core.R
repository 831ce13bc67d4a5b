# The way to the Python core: reticulate, or a function set as option `sparsekin.transport` where R itself runs
# inside Python (then reticulate must never start). Both take (method, header, raw vectors) and return a list of one
# text and raw vectors.

transport <- function() {
  given <- getOption("sparsekin.transport")
  if (!is.null(given)) return(given)
  if (!core_available()) stop_sparsekin(said_of_missing(core_info()), class = "sparsekin_CoreMissing")
  call <- reticulate::import("sparsekin.bridges.columns.door")$call
  if (is.null(seen$version)) seen$version <- package_version(jsonlite::fromJSON(call("version", "{}")[[1L]])$value$version)
  check_version(seen$version, utils::packageVersion("sparsekin"))
  call
}

# What is known of the core in this session: `version` once it was used, `cause` why it could not be, `chosen` why its Python is
# the one it is.
seen <- new.env(parent = emptyenv())

no_arguments <- stats::setNames(list(), character())  # {} in JSON

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

.onLoad <- function(libname, pkgname) {
  register_refusals()
  register_elsewhere()
  register_neighbours()
}
