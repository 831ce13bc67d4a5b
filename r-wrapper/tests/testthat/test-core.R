test_that("the version of the core must be that of the wrapper", {
  expect_silent(check_version(package_version("0.1.7"), package_version("0.1.0")))
  expect_error(
    check_version(package_version("0.2.0"), package_version("0.1.0")), "version 0.1.0 but its Python core is 0.2.0",
    class = "sparsekin_VersionError"
  )
})

test_that("core and wrapper agree", {
  skip_without_core()
  expect_true(core_available())
  expect_s3_class(core_version(), "package_version")
})

test_that("another transport is used in place of reticulate", {
  old <- options(sparsekin.transport = function(method, header, ...) {
    list(paste0('{"ok": true, "value": {"version": "0.1.9", "method": "', method, '"}, "warnings": []}'))
  })
  on.exit(options(old))
  expect_identical(call_core("version")$method, "version")
  expect_identical(format(core_version()), "0.1.9")
})

test_that("a core of another version is refused at every call, not at the first alone", {
  before <- as.list(seen)
  on.exit({ rm(list = ls(seen), envir = seen); list2env(before, seen) })
  skip_without_core()
  seen$version <- package_version("9.9.0")
  for (time in 1:2) expect_error(call_core("version"), "its Python core is 9.9.0", class = "sparsekin_VersionError")
  info <- core_info()
  expect_false(info$available)
  expect_match(info$cause, "its Python core is 9.9.0")
  expect_identical(format(info$version), "9.9.0")
  expect_output(print(info), "Cannot be used: .*install_core")
})

test_that("core_info() says which core it is", {
  skip_without_core()
  info <- core_info()
  expect_true(info$available)
  expect_null(info$cause)
  expect_identical(info$version, core_version())
  expect_true(file.exists(info$python))
  expect_output(print(info), paste0("core ", format(info$version)), fixed = TRUE)
})

test_that("warnings of the core become R warnings", {
  old <- options(sparsekin.transport = function(...) {
    list('{"ok": true, "value": 1, "warnings": [{"type": "InterruptedWarning", "message": "Stopped."}]}')
  })
  on.exit(options(old))
  expect_warning(call_core("fit"), "Stopped.", class = "sparsekin_InterruptedWarning")
})

test_that("Ctrl-C in Python is an interrupt in R", {
  old <- options(sparsekin.transport = function(...) {
    list('{"ok": false, "type": "KeyboardInterrupt", "message": "Interrupted.", "traceback": null}')
  })
  on.exit(options(old))
  expect_identical(tryCatch(call_core("fit"), error = function(e) "error", interrupt = function(e) "interrupt"), "interrupt")
})

test_that("why there is no core is said, and loading the package asks for no Python", {
  code <- paste(
    "library(sparsekin); cat(reticulate::py_available(), '');", "Sys.setenv(RETICULATE_PYTHON = '/nonexistent');",
    "cat(core_available(), conditionMessage(tryCatch(sparse_mtl(mpg ~ wt, mtcars, s = 1), error = identity)))"
  )
  env <- c("RETICULATE_PYTHON=/nonexistent", paste0("R_LIBS=", paste(.libPaths(), collapse = ":")))
  out <- system2(file.path(R.home("bin"), "Rscript"), c("-e", shQuote(code)), stdout = TRUE, stderr = TRUE, env = env)
  said <- paste(out, collapse = "\n")
  expect_match(said, "FALSE FALSE")
  expect_match(said, "was not found")
  expect_match(said, "1. RETICULATE_PYTHON is '/nonexistent', which is no Python: unset it (Sys.unsetenv(\"RETICULATE_PYTHON\")) and restart R", fixed = TRUE)
  expect_match(said, "2. sparsekin::install_core() installs it", fixed = TRUE)
  expect_match(said, "3. RETICULATE_PYTHON=", fixed = TRUE)
  expect_match(said, "4. R started from an activated", fixed = TRUE)
  expect_match(said, "Python said: ")
})

test_that("a RETICULATE_PYTHON that is no Python is the first thing to mend, and an empty one is not set", {
  skip_on_os("windows")
  of <- function(value) {
    code <- "info <- sparsekin::core_info(); cat(info$chosen, nzchar(Sys.getenv('RETICULATE_PYTHON')), info$remedies, sep = '\\n')"
    env <- c(paste0("RETICULATE_PYTHON=", value), paste0("R_LIBS=", paste(.libPaths(), collapse = ":")), "VIRTUAL_ENV=", "CONDA_PREFIX=")
    suppressWarnings(system2(file.path(R.home("bin"), "Rscript"), c("-e", shQuote(code)), stdout = TRUE, stderr = FALSE, env = env))
  }
  for (value in c("/bin/true", "/bin/echo", "/tmp")) {
    said <- of(value)
    expect_identical(said[1L], "RETICULATE_PYTHON")
    expect_identical(
      said[3L], paste0("RETICULATE_PYTHON is '", value, "', which is no Python: unset it (Sys.unsetenv(\"RETICULATE_PYTHON\")) and restart R")
    )
    expect_match(said[4L], "sparsekin::install_core\\(\\)")
  }
  said <- of("")
  expect_false(said[1L] == "RETICULATE_PYTHON")
  expect_match(said[3L], "sparsekin::install_core\\(\\)")
})
