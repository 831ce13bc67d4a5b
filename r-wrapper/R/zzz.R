# Last of the files: every method defined before refuses dots (dots.R).

our_classes <- c(
  "sparse_mtl", "path_sparse_mtl", "cv_sparse_mtl", "mt_hal", "path_mt_hal", "cv_mt_hal", "mixed_forms", "cv_mixed_forms",
  "compare_models"
)

local({
  here <- topenv()
  methods <- grep(paste0("\\.(", paste(our_classes, collapse = "|"), ")$"), ls(here), value = TRUE)
  for (name in methods) {
    method <- get(name, here)
    if ("..." %in% names(formals(method))) {
      body(method) <- bquote({
        refuse_dots(...)
        .(body(method))
      })
      assign(name, method, here)
    }
  }
})
