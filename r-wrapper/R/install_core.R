#' Install the Python core
#'
#' Makes a virtual environment that belongs to this package alone, below `tools::R_user_dir("sparsekin", "data")`, and installs the
#' Python package of the same name there. No other Python is changed, and deleting the folder undoes it. No activated shell is needed:
#' R, RStudio and `Rscript` find it.
#'
#' @details
#' Which Python is used is decided at the first call that needs one, in this order:
#'
#' 1. the one that runs in the session already, and what reticulate was asked for: the variables `RETICULATE_PYTHON` and
#'    `RETICULATE_PYTHON_ENV`, or `use_python()`, `use_virtualenv()`, `use_condaenv()`;
#' 2. an activated environment (`VIRTUAL_ENV`, `CONDA_PREFIX`) that has the core;
#' 3. the environment that `install_core()` made;
#' 4. the one that reticulate finds.
#'
#' [core_info()] says which it was. Neither R nor the installation of wheels needs a compiler; a folder of sources does.
#'
#' @param source where the core comes from: `NULL`, the wheels that this package was shipped with; a folder of wheels, of which
#'   nothing else is needed, no network either; a wheel, as a file (what it depends on may lie beside it) or as a URL; a clone, that is, a folder
#'   with `pyproject.toml`; or the name that it has in a registry, to which the version of this package is added.
#' @param python the Python (3.11 or later) that the environment is made from: by default the first that is found.
#' @return The folder of the environment, invisibly. An error of class `sparsekin_InstallError` says what is missing, and then an
#'   environment that was there before is still there.
#' @seealso [core_info()]
#' @examples
#' # where it goes
#' file.path(tools::R_user_dir("sparsekin", "data"))
#' \dontrun{
#' install_core() # the wheels that came with the package
#' install_core("~/Downloads/wheels")
#' install_core("~/sparsekin") # a clone
#' }
#' @export
install_core <- function(source = NULL, python = NULL) {
  check_python(python)
  wanted <- read_source(source)
  home <- private_environment()
  stop_if_running(home)
  python <- base_python(python, wheel_pythons(wanted$wheels))
  message("Installing the core of sparsekin into ", home, " (", python, "). This may take a minute.")
  replacing(home, {
    run_python(python, c("-m", "venv", shQuote(home)), "make a virtual environment")
    pip_install(python_of(home), wanted)
    installed <- core_in(python_of(home))
    if (is.null(installed)) stop_install("pip ran, but there is no sparsekin in ", home, ". Is ", deparse1(source), " the right source?")
    check_version(installed, utils::packageVersion("sparsekin"))
  })
  if (!reticulate::py_available()) seen$chosen <- NULL
  message("Installed sparsekin ", format(installed), ".", what_next())
  invisible(home)
}

check_python <- function(python) {
  if (is_of_kind(python, kind_of_argument(text = TRUE, null = TRUE))) return(invisible())
  stop_install("python must be the path of one Python, not ", shorten(say_value(python), 60L), ".")
}

stop_install <- function(...) stop_sparsekin(..., class = "sparsekin_InstallError")

# What pip is asked for: `what`; `wheels`, a folder to look in first; and whether the index may be asked (`index`).
read_source <- function(source) {
  version <- unlist(utils::packageVersion("sparsekin"))[1:2]
  pinned <- paste0("sparsekin[report]==", paste(version, collapse = "."), ".*")
  if (is.null(source)) {
    source <- system.file("wheels", package = "sparsekin")
    if (!nzchar(source)) {
      stop_install(
        "This copy of the R package came without wheels of its core. Say where it is: install_core(\"folder of wheels\"), ",
        "install_core(\"a wheel or its URL\") or install_core(\"a clone\")."
      )
    }
  }
  if (!is.character(source) || length(source) != 1L || is.na(source) || !nzchar(source)) {
    stop_install("source must be one text: a folder of wheels, a wheel or its URL, a clone, or a name in a registry.")
  }
  if (grepl("^[a-z+]+://", source)) return(list(what = paste("sparsekin[report] @", source), index = TRUE))
  if (dir.exists(source)) {
    folder <- normalizePath(source)
    if (file.exists(file.path(folder, "pyproject.toml"))) return(list(what = paste0(folder, "[report]"), index = TRUE))
    if (length(Sys.glob(file.path(folder, "sparsekin-*.whl")))) return(list(what = pinned, wheels = folder, index = FALSE))
    stop_install("There is neither a wheel of sparsekin nor a pyproject.toml in ", folder, ".")
  }
  if (file.exists(source)) {
    file <- normalizePath(source)
    return(list(what = paste0(file, "[report]"), wheels = dirname(file), index = TRUE))
  }
  if (grepl("[/\\\\]|\\.whl$|\\.gz$", source)) stop_install("There is no file and no folder ", source, ".")
  list(what = if (source == "sparsekin") pinned else source, index = TRUE)
}

# "3.11", "3.12": those that compiled wheels in a folder are for; none where any will do.
wheel_pythons <- function(folder) {
  if (is.null(folder)) return(character())
  wheels <- grep("-abi3-", list.files(folder, "\\.whl$"), value = TRUE, invert = TRUE)
  tags <- unlist(regmatches(wheels, gregexpr("-cp3[0-9]+-cp3[0-9]+-", wheels)))
  sort(unique(sub("^-cp3([0-9]+)-.*", "3.\\1", tags)))
}

# The first Python that will do; otherwise an error that says what is in the way of the one that comes closest.
base_python <- function(given, versions) {
  candidates <- if (is.null(given)) known_pythons() else path.expand(given)
  problems <- character()
  for (python in candidates) {
    problem <- in_the_way(python, versions)
    if (is.null(problem)) return(python)
    problems <- c(problems, problem)
  }
  if (!length(problems)) problems <- "No Python was found. Debian, Ubuntu: sudo apt-get install python3 python3-venv libpython3-dev; elsewhere: https://www.python.org."
  stop_install(paste(problems, collapse = "\n"))
}

known_pythons <- function() {
  names <- c("python3", paste0("python3.", 14:11), "python")
  found <- c(
    Sys.which(names), "/usr/bin/python3", "/opt/homebrew/bin/python3", "/usr/local/bin/python3",
    "/Library/Frameworks/Python.framework/Versions/Current/bin/python3"
  )
  if (.Platform$OS.type == "windows" && nzchar(Sys.which("py"))) found <- c(found, ask_python("py", "import sys; print(sys.executable)"))
  found <- unique(unname(found[nzchar(found) & file.exists(found)]))
  found[!duplicated(normalizePath(found))]
}

# What keeps a Python from being the base of an environment that reticulate can use, or NULL.
in_the_way <- function(python, versions) {
  version <- python_version(python)
  if (is.null(version)) return(paste0(python, " does not run."))
  name <- paste0(python, " (Python ", version, ")")
  if (package_version(version) < "3.11") return(paste0(name, " is older than 3.11."))
  if (length(versions) && !version %in% versions) {
    return(paste0(name, " is not what the wheels are for: Python ", paste(versions, collapse = ", "), "."))
  }
  if (is.null(ask_python(python, "import ensurepip, venv; print(1)"))) {
    return(paste0(name, " cannot make virtual environments. Debian, Ubuntu: sudo apt-get install python", version, "-venv"))
  }
  if (!has_library(python)) {
    return(paste0(name, " has no shared library, which reticulate needs. Debian, Ubuntu: sudo apt-get install libpython", version))
  }
}

# As reticulate looks for it; once a Python runs it would only tell of that one.
has_library <- function(python) {
  if (reticulate::py_available()) return(TRUE)
  before <- Sys.getenv("RETICULATE_PYTHON", NA)
  Sys.setenv(RETICULATE_PYTHON = python)
  on.exit(if (is.na(before)) Sys.unsetenv("RETICULATE_PYTHON") else Sys.setenv(RETICULATE_PYTHON = before))
  library <- tryCatch(reticulate::py_discover_config()$libpython, error = function(e) NULL)
  length(library) == 1L && !is.na(library)
}

# What stands beside a wheel is tried first, so that no network is asked where none is needed.
pip_install <- function(python, wanted) {
  install <- c("-I", "-m", "pip", "--disable-pip-version-check", "install", "--no-user", "--no-input")
  beside <- if (length(wanted$wheels)) c("--find-links", shQuote(wanted$wheels))
  if (length(beside)) {
    log <- call_python(python, c(install, "--no-index", beside, shQuote(wanted$what)))
    if (!length(attr(log, "status"))) return(invisible())
    if (!wanted$index) stop_after(log, "install the core")
  }
  run_python(python, c(install, beside, shQuote(wanted$what)), "install the core")
}

run_python <- function(python, arguments, purpose) {
  log <- call_python(python, arguments)
  if (length(attr(log, "status"))) stop_after(log, purpose)
  invisible()
}

stop_after <- function(log, purpose) {
  stop_install("Python could not ", purpose, ". It said:\n", paste(utils::tail(log, 15L), collapse = "\n"))
}

# `make` makes the folder; where that fails, what was there before is put back.
replacing <- function(folder, make) {
  aside <- paste0(folder, "-before")
  unlink(aside, recursive = TRUE)
  dir.create(dirname(folder), recursive = TRUE, showWarnings = FALSE)
  if (dir.exists(folder)) file.rename(folder, aside)
  done <- FALSE
  on.exit({
    if (!done) unlink(folder, recursive = TRUE)
    if (!done && dir.exists(aside)) file.rename(aside, folder)
  })
  force(make)
  done <- TRUE
  unlink(aside, recursive = TRUE)
}

stop_if_running <- function(home) {
  if (!reticulate::py_available()) return(invisible())
  running <- normalizePath(reticulate::py_config()$prefix, mustWork = FALSE)
  if (identical(running, normalizePath(home, mustWork = FALSE))) {
    stop_install("This session uses the environment that would be replaced (", home, "). Restart R and call install_core() first.")
  }
}

# What else the user must do before it is used.
what_next <- function() {
  set <- asked_for(names(Sys.getenv()))
  paste0(
    if (length(set)) paste0(" ", set, " is set and comes before it: unset it to use this one."),
    if (reticulate::py_available()) " Restart R: this session runs another Python."
  )
}
