# Values as one JSON text and raw little-endian buffers; the other side is sparsekin/bridges/columns/wire.py, which
# says what stands in the text. `send()` is given a value and a collector of buffers, `receive()` turns it around.

new_buffers <- function() {
  held <- list()
  list(
    add = function(bytes) {
      held[[length(held) + 1L]] <<- bytes
      length(held) - 1L
    },
    all = function() held
  )
}

put_double <- function(x, buffers) buffers$add(writeBin(as.double(x), raw(), size = 8L, endian = "little"))
put_integer <- function(x, buffers) buffers$add(writeBin(as.integer(x), raw(), size = 4L, endian = "little"))

# A bare scalar travels in the text; I() or a length other than 1 makes it a vector.
send <- function(x, buffers, name = NULL) {
  if (is.null(x)) return(NULL)
  if (is.data.frame(x)) return(send_frame(x, buffers))
  if (length(dim(x)) > 1L) return(send_array(x, buffers))
  if (is.list(x)) return(send_list(x, buffers))
  plain <- is.numeric(x) || is.character(x) || is.logical(x)
  if (length(x) == 1L && is.null(attributes(x)) && plain && !is.na(x)) return(send_scalar(x))
  send_vector(x, buffers, if (!is.null(name)) paste0("Argument '", name, "'"))
}

send_list <- function(x, buffers) {
  out <- if (is.null(names(x))) lapply(x, send, buffers) else Map(send, x, name = names(x), MoreArgs = list(buffers = buffers))
  if (length(x) || is.null(names(x))) out else no_arguments
}

send_scalar <- function(x) {
  if (is.double(x) && !(abs(x) < 2^31 && x == trunc(x))) {
    return(list(`$` = jsonlite::unbox("number"), text = jsonlite::unbox(number_text(x))))
  }
  jsonlite::unbox(x)
}

number_text <- function(x) if (is.finite(x)) sprintf("%.17g", x) else if (x > 0) "inf" else "-inf"

send_array <- function(x, buffers) {
  list(`$` = jsonlite::unbox("array"), at = jsonlite::unbox(put_double(x, buffers)), dim = I(dim(x)))
}

send_frame <- function(x, buffers) {
  columns <- Map(send_column, x, names(x), MoreArgs = list(buffers = buffers))
  list(
    `$` = jsonlite::unbox("frame"), rows = jsonlite::unbox(nrow(x)), names = I(names(x)), columns = unname(columns)
  )
}

send_column <- function(x, name, buffers) {
  if (!is.null(dim(x)) && length(dim(x)) > 1L) stop_sparsekin("Column '", name, "' is a matrix.")
  send_vector(x, buffers, paste0("Column '", name, "'"))
}

# `what` is sent, for errors.
send_vector <- function(x, buffers, what = NULL) {
  if (inherits(x, "AsIs")) class(x) <- setdiff(class(x), "AsIs")
  made <- if (is.factor(x)) {
    list(kind = "factor", at = put_integer(unclass(x) - 1L, buffers), levels = I(levels(x)), ordered = is.ordered(x))
  } else if (inherits(x, "Date")) {
    list(kind = "date", at = put_double(unclass(x), buffers))
  } else if (is.character(x)) {
    list(kind = "character", values = I(enc2utf8(as.vector(x))))
  } else if (is.logical(x)) {
    list(kind = "logical", at = put_integer(x, buffers))
  } else if (is.integer(x) && !is.object(x)) {
    list(kind = "integer", at = put_integer(x, buffers))
  } else if (is.double(x) && !is.object(x)) {
    list(kind = "double", at = put_double(x, buffers))
  } else {
    if (is.null(what)) what <- "A value"
    stop_sparsekin(what, " of class '", class(x)[1L], "' cannot be used; make it numbers, text, a factor or dates.", class = "sparsekin_DataError")
  }
  single <- intersect(names(made), c("kind", "at", "ordered"))
  made[single] <- lapply(made[single], jsonlite::unbox)
  names(made)[1L] <- "$"
  made
}

to_json <- function(x) jsonlite::toJSON(x, null = "null", na = "null", digits = NA)

receive <- function(x, buffers) {
  if (!is.list(x)) return(x)
  kind <- x[["$"]]
  if (is.null(kind)) return(lapply(receive_plain(x), receive, buffers = buffers))
  switch(kind,
    number = as.double(x$text),
    array = receive_array(x, buffers),
    frame = receive_frame(x, buffers),
    receive_vector(x, buffers)
  )
}

# JSON arrays of text arrive as lists of strings.
receive_plain <- function(x) {
  plain <- is.null(names(x)) && length(x) > 0L && all(vapply(x, is.character, NA))
  if (plain) as.list(x) else x
}

take <- function(x, buffers, what, size) {
  bytes <- buffers[[x$at + 1L]]
  readBin(bytes, what, n = length(bytes) %/% size, size = size, endian = "little")
}

receive_array <- function(x, buffers) array(take(x, buffers, "double", 8L), unlist(x$dim))

receive_frame <- function(x, buffers) {
  columns <- lapply(x$columns, receive_vector, buffers = buffers)
  names(columns) <- unlist(x$names)
  structure(columns, class = "data.frame", row.names = .set_row_names(x$rows))
}

receive_vector <- function(x, buffers) {
  switch(x[["$"]],
    double = missing_numbers(take(x, buffers, "double", 8L)),
    integer = take(x, buffers, "integer", 4L),
    logical = as.logical(take(x, buffers, "integer", 4L)),
    factor = receive_factor(x, buffers),
    date = structure(take(x, buffers, "double", 8L), class = "Date"),
    character = texts(x$values)
  )
}

# NaN is how Python writes a missing number.
missing_numbers <- function(x) {
  x[is.nan(x)] <- NA_real_
  x
}

receive_factor <- function(x, buffers) {
  kind <- if (isTRUE(x$ordered)) c("ordered", "factor") else "factor"
  structure(take(x, buffers, "integer", 4L) + 1L, levels = texts(x$levels), class = kind)
}

# A JSON array of strings and nulls as a character vector.
texts <- function(values) vapply(values, function(value) if (is.null(value)) NA_character_ else value, "")
