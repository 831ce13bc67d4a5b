# A package whose generic has the name of one of ours, made here under a name of the list and loaded in a session of its own.

in_session <- function(library, lines) {
  script <- tempfile(fileext = ".R")
  writeLines(c(sprintf(".libPaths(c('%s', '%s'))", library, paste(.libPaths(), collapse = "', '")), lines), script)
  system2(file.path(R.home("bin"), "Rscript"), script, stdout = TRUE, stderr = TRUE)
}

make_package <- function(name, code, exports) {
  library <- tempfile("library")
  source <- file.path(tempfile("source"), name)
  dir.create(file.path(source, "R"), recursive = TRUE)
  dir.create(library)
  fields <- c("Version: 1.0", "Title: A", "Description: A.", "Author: A", "Maintainer: A <a@b.org>", "License: GPL-2")
  writeLines(c(paste("Package:", name), fields), file.path(source, "DESCRIPTION"))
  writeLines(exports, file.path(source, "NAMESPACE"))
  writeLines(code, file.path(source, "R", "code.R"))
  made <- system2(
    file.path(R.home("bin"), "R"), c("CMD", "INSTALL", paste0("--library=", library), source), stdout = TRUE, stderr = TRUE
  )
  if (!dir.exists(file.path(library, name))) stop(paste(made, collapse = "\n"))
  library
}

test_that("whichever package is loaded last, the generic of that name knows our fits", {
  library <- make_package(
    "Hmisc", c(
      "impute <- function(x, ...) UseMethod('impute')", "impute.default <- function(x, ...) 'of Hmisc'",
      "refit <- function(x, ...) UseMethod('refit')"
    ), c("export(impute)", "S3method(impute, default)")
  )
  ask <- c(
    "fit <- structure(list(), class = 'mixed_forms')",
    "cat(class(tryCatch(impute(fit, no = 1), error = identity))[1], impute(c(1, NA)), '\\n')"
  )
  for (order in list(c("sparsekin", "Hmisc"), c("Hmisc", "sparsekin"))) {
    out <- in_session(library, c(paste0("suppressMessages(library(", order, "))"), ask))
    expect_match(paste(out, collapse = " "), "sparsekin_OptionError of Hmisc", fixed = TRUE)
  }
})

test_that("what is no fit of ours and nobody's else is refused", {
  expect_error(impute(1:3), "impute() is for fits of mixed_forms(), not for an object of class 'integer'.", fixed = TRUE)
})
