#' A whole analysis in one call
#'
#' Cross-validation says whether to pool, share or separate; other methods are tried on the same folds; the tuned fit is proven,
#' selected again on half-samples, compared with other supports nearly as good; the whole tuning is done anew without each study in turn.
#' `save_study()` writes it as a page.
#'
#' Nothing is computed that [cv_sparse_mtl()], [compare_models()], [refit()], [certify()] and [stability()] do not offer, and their numbers are
#' the same: `code` has the lines. A step that the data do not allow is named with its reason in `steps`.
#'
#' @inheritParams cv_sparse_mtl
#' @param which the setting that is refitted: `"best"`, or `"1se"`, the sparsest within one standard error of it.
#' @param folds number of folds within the tasks.
#' @param pairs pairs of half-samples.
#' @param fdr false discovery rate of the features that are called stable.
#' @param time_limit seconds for the proof, and again for other supports.
#' @param skip steps to leave out: `"comparison"`, `"certified"`, `"sure"`, `"alternatives"`, `"validation"`.
#' @param rng a whole number, the seed of every step: the same one gives the same page.
#' @param progress `TRUE` shows a bar with the name of the step.
#' @param x,object an object of `mtl_study()`.
#' @param folder where the files go; it is made where it is not there.
#' @param ... not used.
#' @return `mtl_study()`: an object of class `mtl_study` with `steps` (what became of each), `verdict`, `families`, `comparison`,
#'   `fit` (of class `sparse_mtl`, with its certificate), `alternatives`, `validation` (a row per measure and study, then the mean and what is expected
#'   of another study), `methods` (a paragraph with the works to cite), `tripod` (the items of TRIPOD-Cluster, answered where the study can),
#'   `code`. `save_study()`: the names of the files, invisibly: study.html, study.docx (where python-docx is installed), study.tex, again.R and
#'   tables. `summary()`: the first screen of the page, as text.
#' @references Debray et al. (2023), TRIPOD-Cluster, BMJ 380, e071018.
#' @examplesIf sparsekin::core_available()
#' set.seed(1)
#' studies <- data.frame(site = rep(c("north", "south", "west"), each = 40), matrix(rnorm(720), 120))
#' studies$y <- 2 * studies$X2 - studies$X5 + rnorm(120)
#' study <- mtl_study(y ~ X1 + X2 + X5, data = studies, task = "site", folds = 3, pairs = 10,
#'   skip = c("comparison", "validation", "alternatives"))
#' study$verdict
#' study$fit$selected
#' # wants matplotlib and python-docx
#' if (interactive()) save_study(study, file.path(tempdir(), "study"))
#' @export
mtl_study <- function(formula, data, task = NULL, keep = NULL, weights = NULL, missing = c("raise", "drop"), subset = NULL,
                      na.action = NULL, standardize = "within", which = c("best", "1se"), folds = 10, groups = NULL, metric = NULL,
                      pairs = 50, fdr = 0.1, time_limit = 30, skip = character(), rng = 0, n_jobs = NULL, progress = FALSE,
                      family = "gaussian", ties = c("efron", "breslow"), exposure = NULL) {
  call <- match.call()
  env <- parent.frame()
  given <- given_rows(call, formula, data, env, first(missing))
  design <- make_design(formula, given, keep, read_family(family))
  scale <- read_scale(standardize, FALSE, ties)
  which <- check_choice(first(which), "which", c("best", "1se"))
  if (!is.numeric(rng) || length(rng) != 1L || is.na(rng) || rng < 0 || rng != round(rng)) {
    stop_sparsekin("rng must be one whole number, so that the study can be done again.", class = "sparsekin_OptionError")
  }
  if (!is.numeric(folds) || length(folds) != 1L) {
    stop_sparsekin("folds must be one number; the folds follow from rng.", class = "sparsekin_OptionError")
  }
  split <- read_split(folds, given$groups, design)
  plan <- list(
    formula = paste(deparse(design$formula), collapse = " "), task = design$task_name, model = said_of_model(call),
    which = which, folds = split$folds, metric = if (!is.null(metric)) first(metric), pairs = as.integer(pairs), fdr = fdr,
    time_limit = time_limit, rng = as.integer(rng), n_jobs = n_jobs
  )
  found <- call_core("study", list(
    data = core_data(design, scale), plan = plan, labels = split$groups, skip = as.list(skip), progress = progress
  ))
  if (!is.null(found$fit)) {
    fit_call <- call_of_choice(call, "sparse_mtl", found$options)
    found$fit <- new_sparse_mtl(found$fit, design, scale, c(found$options, dial = !is.null(found$verdict)), fit_call)
  }
  found$options <- NULL
  found$call <- call
  structure(found, class = "mtl_study")
}

# What the code on the page gives besides formula, data and task: as it was written.
said_of_model <- function(call) {
  given <- as.list(call)[intersect(names(call), c("keep", "weights", "groups", "exposure", "ties", "missing", "standardize", "family"))]
  lapply(given, function(one) paste(deparse(one), collapse = " "))
}

#' @rdname mtl_study
#' @export
summary.mtl_study <- function(object, ...) structure(list(text = object$summary), class = "summary.mtl_study")

#' @export
print.summary.mtl_study <- function(x, ...) {
  cat(x$text, "\n", sep = "")
  invisible(x)
}

#' @rdname mtl_study
#' @export
print.mtl_study <- function(x, ...) {
  if (!is.null(x$verdict)) cat(paste(strwrap(x$verdict, 79L), collapse = "\n"), "\n\n", sep = "")
  print(x$steps[c("step", "state", "why")], row.names = FALSE, right = FALSE)
  cat("\nsummary() is the first screen of the page, save_study() writes it.\n")
  invisible(x)
}

#' @rdname mtl_study
#' @export
tidy.mtl_study <- function(x, ...) tidy(fit_of_study(x), ...)

#' @rdname mtl_study
#' @export
glance.mtl_study <- function(x, ...) glance(fit_of_study(x), ...)

#' @rdname mtl_study
#' @export
nobs.mtl_study <- function(object, ...) stats::nobs(fit_of_study(object))

#' @rdname mtl_study
#' @export
formula.mtl_study <- function(x, ...) stats::formula(fit_of_study(x))

#' @rdname mtl_study
#' @export
plot.mtl_study <- function(x, ...) {
  plot(fit_of_study(x), ...)
  invisible(x)
}

#' @rdname mtl_study
#' @exportS3Method ggplot2::autoplot
autoplot.mtl_study <- function(object, ...) ggplot2::autoplot(fit_of_study(object), ...)

fit_of_study <- function(x) {
  if (is.null(x$fit)) {
    stop_sparsekin("This study has no fit: ", x$steps$why[x$steps$step == "fit"], ".", class = "sparsekin_OptionError")
  }
  x$fit
}

#' @rdname mtl_study
#' @export
save_study <- function(x, folder) {
  if (!inherits(x, "mtl_study")) stop_sparsekin("x must be an object of mtl_study().", class = "sparsekin_OptionError")
  dir.create(folder, showWarnings = FALSE, recursive = TRUE)
  texts <- list(study.html = x$html, study.tex = x$latex, again.R = x$code, methods.txt = x$methods)
  for (name in names(texts)) writeLines(enc2utf8(texts[[name]]), file.path(folder, name), useBytes = TRUE)
  tables <- Filter(Negate(is.null), x[c("steps", "comparison", "alternatives", "validation", "tripod")])
  if (!is.null(x$fit)) tables$coefficients <- tidy(x$fit)
  for (name in names(tables)) utils::write.csv(tables[[name]], file.path(folder, paste0(name, ".csv")), row.names = FALSE)
  written <- c(names(texts), paste0(names(tables), ".csv"))
  if (!is.null(x$word)) {
    writeBin(jsonlite::base64_dec(x$word), file.path(folder, "study.docx"))
    written <- c(written, "study.docx")
  }
  invisible(file.path(folder, written))
}
