# The core in these tests is a stub, a wheel made here: what is tested is where it goes and which Python is taken.

stub_wheel <- function(python, folder, version = "0.1.7") {
  dir.create(folder, showWarnings = FALSE, recursive = TRUE)
  script <- tempfile(fileext = ".py")
  writeLines(c(
    "import sys, zipfile", "folder, version = sys.argv[1:]", "info = f'sparsekin-{version}.dist-info'",
    "with zipfile.ZipFile(f'{folder}/sparsekin-{version}-py3-none-any.whl', 'w') as wheel:",
    "    for name in ('sparsekin', 'sparsekin/bridges', 'sparsekin/bridges/columns'): wheel.writestr(f'{name}/__init__.py', '')",
    "    reply = '{\"ok\": true, \"value\": {\"version\": \"%s\"}, \"warnings\": []}' % version",
    "    wheel.writestr('sparsekin/bridges/columns/door.py', f'def call(method, header, *buffers):\\n    return [{reply!r}]\\n')",
    "    wheel.writestr(f'{info}/METADATA', f'Metadata-Version: 2.1\\nName: sparsekin\\nVersion: {version}\\nProvides-Extra: report\\n')",
    "    wheel.writestr(f'{info}/WHEEL', 'Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')",
    "    wheel.writestr(f'{info}/RECORD', '')"
  ), script)
  system2(python, c(script, shQuote(folder), version))
  Sys.glob(file.path(folder, paste0("sparsekin-", version, "*.whl")))
}

some_python <- function() {
  found <- Filter(function(python) is.null(in_the_way(python, character())), known_pythons())
  if (!length(found)) skip("No Python that can make virtual environments.")
  found[1L]
}

# A session that has neither RETICULATE_PYTHON nor an activated environment, and a data folder of its own.
elsewhere <- function(data, lines, env = character()) {
  script <- tempfile(fileext = ".R")
  writeLines(c(sprintf(".libPaths(c('%s'))", paste(.libPaths(), collapse = "', '")), lines), script)
  clear <- c("RETICULATE_PYTHON", "RETICULATE_PYTHON_ENV", "VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH", "R_TESTS")
  before <- Sys.getenv(clear, NA)
  Sys.unsetenv(clear)
  on.exit(do.call(Sys.setenv, as.list(before[!is.na(before)])))
  out <- suppressWarnings(system2(
    file.path(R.home("bin"), "Rscript"), script, stdout = TRUE, stderr = TRUE, env = c(paste0("R_USER_DATA_DIR=", data), env)
  ))
  paste(out, collapse = "\n")
}

test_that("which Python is taken", {
  folders <- file.path(tempfile(), c("active", "bare", "private"))
  pythons <- vapply(folders, python_of, "")
  for (python in pythons) {
    dir.create(dirname(python), recursive = TRUE)
    file.create(python)
  }
  has <- function(python) if (python == pythons[1L]) package_version("0.1.0")
  expect_identical(candidate_python(folders[1L], folders[3L], has)$python, pythons[[1L]])
  expect_identical(candidate_python(folders[2L], folders[3L], has)$python, pythons[[3L]])
  expect_identical(candidate_python(character(), folders[3L], has)$chosen, "the package's own environment")
  expect_null(candidate_python(folders[2L], tempfile(), has))
  expect_identical(asked_for(c("PATH", "RETICULATE_PYTHON_ENV", "RETICULATE_PYTHON")), "RETICULATE_PYTHON")
  expect_null(asked_for("PATH"))
})

test_that("a source is a folder of wheels, a wheel, a URL, a clone or a name", {
  folder <- tempfile()
  dir.create(folder)
  expect_error(read_source(folder), "neither a wheel of sparsekin nor a pyproject.toml", class = "sparsekin_InstallError")
  wheel <- file.path(folder, "sparsekin-0.1.0-cp311-cp311-linux_x86_64.whl")
  file.create(wheel, file.path(folder, c("numpy-2.0-cp312-cp312-linux_x86_64.whl", "a-1-cp38-abi3-any.whl", "b-1-py3-none-any.whl")))
  version <- paste(unlist(utils::packageVersion("sparsekin"))[1:2], collapse = ".")
  expect_identical(read_source(folder), list(
    what = paste0("sparsekin[report]==", version, ".*"), wheels = normalizePath(folder), index = FALSE
  ))
  expect_identical(wheel_pythons(folder), c("3.11", "3.12"))
  expect_match(read_source(wheel)$what, "linux_x86_64.whl[report]", fixed = TRUE)
  expect_true(read_source(wheel)$index)
  expect_identical(read_source("https://a.org/b.whl")$what, "sparsekin[report] @ https://a.org/b.whl")
  expect_identical(read_source("sparsekin")$what, paste0("sparsekin[report]==", version, ".*"))
  expect_identical(read_source("sparsekin==0.1.3")$what, "sparsekin==0.1.3")
  file.create(file.path(folder, "pyproject.toml"))
  expect_identical(read_source(folder)$what, paste0(normalizePath(folder), "[report]"))
  expect_error(read_source("nowhere/at-all.whl"), "There is no file and no folder nowhere/at-all.whl", class = "sparsekin_InstallError")
  expect_error(read_source(1), "source must be one text", class = "sparsekin_InstallError")
  if (!nzchar(system.file("wheels", package = "sparsekin"))) {
    expect_error(read_source(NULL), "came without wheels", class = "sparsekin_InstallError")
  }
})

test_that("Python is not given the folders of libraries that R starts with", {
  skip_on_os("windows")
  path <- paste(R.home("lib"), "/usr/lib/x86_64-linux-gnu", "/opt/own/lib", "/lib", sep = ":")
  expect_identical(without_system(path), "/opt/own/lib")
  before <- Sys.getenv("LD_LIBRARY_PATH", NA)
  on.exit(if (is.na(before)) Sys.unsetenv("LD_LIBRARY_PATH") else Sys.setenv(LD_LIBRARY_PATH = before))
  Sys.setenv(LD_LIBRARY_PATH = path)
  expect_identical(ask_python(some_python(), "import os; print(os.environ['LD_LIBRARY_PATH'])"), "/opt/own/lib")
  expect_identical(Sys.getenv("LD_LIBRARY_PATH"), path)
})

test_that("what keeps a Python from being used is said", {
  expect_error(base_python("/nonexistent/python", character()), "/nonexistent/python does not run", class = "sparsekin_InstallError")
  python <- some_python()
  expect_error(base_python(python, "3.99"), "is not what the wheels are for: Python 3.99", class = "sparsekin_InstallError")
  skip_on_os("windows")
  fake <- function(lines) {
    file <- tempfile("python")
    writeLines(c("#!/bin/sh", lines), file)
    Sys.chmod(file, "755")
    file
  }
  old <- fake("echo 3.9")
  expect_error(base_python(old, character()), "is older than 3.11", class = "sparsekin_InstallError")
  bare <- fake(c("case \"$2\" in *ensurepip*) exit 1 ;; esac", "echo 3.12"))
  expect_error(
    base_python(bare, character()), "cannot make virtual environments. Debian, Ubuntu: sudo apt-get install python3.12-venv", fixed = TRUE
  )
})

test_that("python is one path, asked before anything else", {
  for (python in list(NA, NA_character_, 5, "", character(), TRUE)) expect_error(
    install_core("nowhere/at-all.whl", python), paste0("python must be the path of one Python, not ", say_value(python), "."), fixed = TRUE,
    class = "sparsekin_InstallError"
  )
  expect_error(install_core(python = c("a", "b")), "not c(\"a\", \"b\").", fixed = TRUE, class = "sparsekin_InstallError")
  skip_on_os("windows")
  for (python in c("/bin/true", "/bin/echo", "/tmp")) {
    expect_error(base_python(python, character()), paste(python, "does not run."), fixed = TRUE, class = "sparsekin_InstallError")
  }
})

test_that("what pip said is told, and the index is not asked where there is a folder of wheels", {
  skip_on_os("windows")
  pip <- tempfile("python")
  writeLines(c("#!/bin/sh", "echo \"$@\"", "echo ERROR: no such thing", "exit 1"), pip)
  Sys.chmod(pip, "755")
  wanted <- list(what = "sparsekin==0.1.*", wheels = "/wheels", index = FALSE)
  said <- tryCatch(pip_install(pip, wanted), sparsekin_InstallError = conditionMessage)
  expect_match(said, "Python could not install the core. It said:\n.*--no-index --find-links /wheels sparsekin==0.1.\\*\nERROR: no such thing")
  said <- tryCatch(pip_install(pip, utils::modifyList(wanted, list(index = TRUE))), sparsekin_InstallError = conditionMessage)
  expect_false(grepl("--no-index", said))
})

test_that("an environment that cannot be made leaves the one before as it was", {
  folder <- file.path(tempfile(), "core")
  dir.create(folder, recursive = TRUE)
  file.create(file.path(folder, "old"))
  expect_error(replacing(folder, { dir.create(folder); stop("no") }), "no")
  expect_identical(list.files(folder), "old")
  replacing(folder, { dir.create(folder); file.create(file.path(folder, "new")) })
  expect_identical(list.files(folder), "new")
  expect_identical(list.files(dirname(folder)), "core")
})

test_that("install_core() makes an environment that the next session finds", {
  skip_on_cran()
  python <- some_python()
  data <- tempfile("data")
  wheel <- stub_wheel(python, tempfile("wheels"))
  later <- stub_wheel(python, tempfile("wheels"), "0.2.0")
  said <- elsewhere(data, c(
    sprintf("sparsekin::install_core('%s', python = '%s')", wheel, python),
    # another version is refused, and the one before stays
    sprintf("cat(conditionMessage(tryCatch(sparsekin::install_core('%s', python = '%s'), error = identity)))", later, python),
    "stopifnot(!reticulate::py_available()); print(sparsekin::core_info())"
  ))
  expect_match(said, "Installed sparsekin 0.1.7.")
  expect_match(said, "its Python core is 0.2.0")
  expect_match(said, "R package .*, core 0.1.7")
  expect_match(said, "chosen: the package's own environment")
  home <- file.path(data, "R", "sparsekin", "core-0.1")
  expect_true(file.exists(python_of(home)))

  info <- "info <- sparsekin::core_info(); cat(info$chosen, info$available, format(info$version), '\\n')"
  # a variable of reticulate comes first, then its functions, then an active environment if it has the core
  bare <- tempfile("bare")
  system2(python, c("-m", "venv", "--without-pip", bare))
  expect_match(elsewhere(data, info, paste0("RETICULATE_PYTHON=", python_of(bare))), "RETICULATE_PYTHON FALSE")
  for (named in c(python_of(bare), dirname(python_of(bare)))) expect_match(  # a Python, by its file or its folder, if without the core
    elsewhere(data, "cat(sparsekin::core_info()$remedies[1])", paste0("RETICULATE_PYTHON=", named)), "^sparsekin::install_core"
  )
  expect_match(elsewhere(data, c(sprintf("reticulate::use_python('%s', required = TRUE)", python_of(bare)), info)), "use_python\\(\\) FALSE")
  expect_match(elsewhere(data, info, paste0("VIRTUAL_ENV=", bare)), "own environment TRUE 0.1.7")
  full <- tempfile("full")
  system2(python, c("-m", "venv", "--without-pip", full))
  packages <- Sys.glob(file.path(home, "lib*", "python*", "site-packages"))[1L]
  writeLines(packages, file.path(Sys.glob(file.path(full, "lib*", "python*", "site-packages"))[1L], "core.pth"))
  expect_match(elsewhere(data, info, paste0("VIRTUAL_ENV=", full)), "the active environment TRUE 0.1.7")
  expect_match(
    elsewhere(data, c(info, sprintf("cat(conditionMessage(tryCatch(sparsekin::install_core('%s'), error = identity)))", wheel))),
    "This session uses the environment that would be replaced"
  )
})
