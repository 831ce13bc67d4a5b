# Which Python: asked once, at first use. What runs already, and what the user asked reticulate for, is left as it is.

choose_python <- function() {
  if (length(seen$chosen)) return(invisible())
  seen$chosen <- if (reticulate::py_available()) "it ran already" else asked_for(set_variables())
  if (length(seen$chosen)) return(invisible())
  found <- candidate_python(active_environment(), private_environment(), core_in)
  if (is.null(found)) {
    seen$chosen <- "found by reticulate"
  } else if (asked_by_call(found$python)) {
    seen$chosen <- "use_python()"
  } else {
    seen$chosen <- found$chosen
    reticulate::use_python(found$python, required = TRUE)
  }
  invisible()
}

# Names of variables that are set. reticulate takes an empty one of its own for a path, so that goes.
set_variables <- function() {
  values <- Sys.getenv(names = TRUE)
  empty <- intersect(c("RETICULATE_PYTHON", "RETICULATE_PYTHON_ENV"), names(values)[!nzchar(values)])
  Sys.unsetenv(empty)
  setdiff(names(values), empty)
}

# The variable that names a Python for reticulate, among those that are set.
asked_for <- function(variables) {
  found <- intersect(c("RETICULATE_PYTHON", "RETICULATE_PYTHON_ENV"), variables)
  if (length(found)) found[1L]
}

# Whether use_python(), use_virtualenv() or use_condaenv() was called: reticulate says why it would take which Python. It is
# given one to fall back to, lest it make an environment to answer.
asked_by_call <- function(python) {
  before <- Sys.getenv("RETICULATE_PYTHON_FALLBACK", NA)
  Sys.setenv(RETICULATE_PYTHON_FALLBACK = python)
  on.exit(if (is.na(before)) Sys.unsetenv("RETICULATE_PYTHON_FALLBACK") else Sys.setenv(RETICULATE_PYTHON_FALLBACK = before))
  forced <- tryCatch(reticulate::py_discover_config()$forced, error = function(e) NULL)
  length(forced) && grepl("use_python", forced, fixed = TRUE) && !grepl("required = FALSE", forced, fixed = TRUE)
}

# `has(python)`: the version of the core there, or NULL.
candidate_python <- function(active, private, has) {
  for (folder in active) {
    python <- python_of(folder)
    if (file.exists(python) && !is.null(has(python))) return(list(python = python, chosen = "the active environment"))
  }
  python <- python_of(private)
  if (file.exists(python)) list(python = python, chosen = "the package's own environment")
}

active_environment <- function() {
  folders <- Sys.getenv(c("VIRTUAL_ENV", "CONDA_PREFIX"))
  unname(folders[nzchar(folders)])
}

# One for each pair of numbers that core and wrapper must share.
private_environment <- function() {
  version <- unlist(utils::packageVersion("sparsekin"))[1:2]
  file.path(tools::R_user_dir("sparsekin", "data"), paste0("core-", paste(version, collapse = ".")))
}

python_of <- function(folder) {
  if (.Platform$OS.type != "windows") return(file.path(folder, "bin", "python"))
  here <- file.path(folder, c("Scripts", ""), "python.exe")  # of venv, of conda
  c(here[file.exists(here)], here)[1L]
}

# The version of the core that a Python has, or NULL, without starting it in this process.
core_in <- function(python) {
  code <- "import sys; sys.path = [p for p in sys.path if p]; from importlib.metadata import version; print(version('sparsekin'))"
  said <- ask_python(python, code)
  if (!is.null(said)) package_version(said, strict = FALSE)
}

# "3.11", or NULL of what is no Python.
python_version <- function(python) {
  said <- ask_python(python, "import sys; print('%d.%d' % sys.version_info[:2])")
  if (length(said) && grepl("^[0-9]+\\.[0-9]+$", said)) said
}

# The last line a Python prints for `code`, or NULL where it fails.
ask_python <- function(python, code) {
  said <- tryCatch(call_python(python, c("-c", shQuote(code)), stderr = FALSE), error = function(e) structure("", status = 1L))
  if (length(attr(said, "status")) || !length(said)) NULL else utils::tail(said, 1L)
}

# R starts with its own folders in front of LD_LIBRARY_PATH, where a Python from elsewhere would find the system's libpython and fail.
call_python <- function(python, arguments, stderr = TRUE) {
  before <- Sys.getenv("LD_LIBRARY_PATH", NA)
  if (!is.na(before)) {
    on.exit(Sys.setenv(LD_LIBRARY_PATH = before))
    Sys.setenv(LD_LIBRARY_PATH = without_system(before))
  }
  suppressWarnings(system2(python, arguments, stdout = TRUE, stderr = stderr))
}

without_system <- function(path) {
  folders <- strsplit(path, ":", fixed = TRUE)[[1L]]
  paste(folders[!startsWith(folders, R.home()) & !grepl("^/(usr/)?lib(64|32)?(/|$)", folders)], collapse = ":")
}
