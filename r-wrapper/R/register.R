# Methods for generics of other packages that have the name of one of ours: whichever of the two packages is loaded last, the
# generic that is found then knows our classes.

namesakes <- list(
  Hmisc = "impute", imputeTS = "impute", recipes = "impute", lme4 = "refit", hardhat = "refit", parsnip = "translate",
  rms = "validate", broom = c("augment", "glance", "tidy"), generics = c("augment", "glance", "refit", "tidy")
)

register_elsewhere <- function() {
  for (package in names(namesakes)) for (generic in namesakes[[package]]) register_in(package, generic)
}

register_in <- function(package, generic) {
  here <- topenv()
  methods <- Filter(
    function(class) exists(paste0(generic, ".", class), envir = here, inherits = FALSE), our_classes
  )
  register <- function(...) {
    there <- asNamespace(package)
    if (!exists(generic, envir = there, inherits = FALSE)) return(invisible())
    for (class in methods) registerS3method(generic, class, get(paste0(generic, ".", class), here), envir = there)
  }
  when_loaded(package, register)
}

# An object of no class of ours: the generic of that name of another package, where one is loaded, answers.
hand_over <- function(generic, object, ...) {
  for (package in names(Filter(function(names) generic %in% names, namesakes))) {
    if (!isNamespaceLoaded(package)) next
    other <- get0(generic, envir = asNamespace(package), inherits = FALSE)
    # Called from here it would find our default again.
    if (is.function(other)) return(do.call(other, list(object, ...), envir = globalenv()))
  }
  stop_sparsekin(
    generic, "() is for fits of mixed_forms(), not for an object of class '", class(object)[1L], "'.",
    class = "sparsekin_OptionError"
  )
}
