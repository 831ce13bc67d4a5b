# Methods for generics of other packages that have the name of one of ours: whichever of the two packages is loaded last, the
# generic that is found then knows our classes.

namesakes <- list(
  Hmisc = "impute", imputeTS = "impute", recipes = "impute", lme4 = "refit", hardhat = "refit", parsnip = "translate",
  broom = c("augment", "glance", "tidy"), generics = c("augment", "glance", "refit", "tidy")
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
  if (isNamespaceLoaded(package)) register()
  setHook(packageEvent(package, "onLoad"), register)
}
