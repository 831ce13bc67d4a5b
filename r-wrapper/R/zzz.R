# Last of the files: what every function defined before checks of its call.

our_classes <- c(fits, paths, validations, "cv_dial", "compare_models", judgements)

# Fits check that their arguments are there and of their kinds, methods also that there are no others (dots.R, arguments.R).
local({
  here <- topenv()
  several <- c("path_sparse_mtl", "cv_sparse_mtl", "compare_models", "path_mt_hal", "cv_mt_hal", "compare_mt_hal", "cv_mixed_forms")
  methods <- grep(paste0("\\.(", paste(c(our_classes, collections), collapse = "|"), ")$"), ls(here), value = TRUE)
  # Theirs is handed on, or what knitr and data.frame() give every table.
  passing <- c(paste0(c("tidy", "glance", "plot", "autoplot"), ".mtl_study"), "knit_print.mtl_etable", "as.data.frame.mtl_etable")
  for (name in c("sparse_mtl", "mt_hal", "mixed_forms", "knockoffs.formula", "validate.formula", "pool_imputed", "mtl_study", "save_study", several, methods)) {
    verb <- get(name, here)
    first <- if ("..." %in% names(formals(verb)) && !name %in% passing) quote(refuse_dots(...))
    kinds <- if (name %in% c(several, "validate.formula")) quote(grid_kinds) else quote(argument_kinds)
    if (name == "mixed_forms") kinds <- quote(forms_kinds)
    if (name == "compare_models") kinds <- quote(compare_kinds)
    checks <- if (any(names(formals(verb)) %in% names(argument_kinds))) bquote(check_arguments(environment(), .(kinds)))
    needed <- needed_arguments(verb)
    there <- if (length(needed)) bquote(check_there(environment(), .(needed), .(sub("\\..*", "", name))))
    if (is.null(first) && is.null(checks) && is.null(there)) next
    body(verb) <- as.call(c(quote(`{`), first, there, checks, body(verb)))
    assign(name, verb, here)
  }
})
