#' Features that beat copies of themselves: a second opinion on a selection
#'
#' Gaussian model-X knockoffs within each task (Candes and others, 2018): columns that go with the others as the features do, and know
#' nothing of the outcome. A feature counts by how much earlier it enters than its copy, more where other tasks want it too. One filter
#' looks at all features and tasks; e-values average over draws (Ren and Barber, 2024). The rate holds as far as the features of a task
#' are jointly normal given kept terms. Sizes and penalties play no part.
#'
#' Gaussian outcomes, rows of their own and no weights; refused with the reason where rows or tasks are too few for `fdr`.
#'
#' @param object a fit of [sparse_mtl()] or of [refit()], whose data are taken, or a formula.
#' @param data,task,keep,missing,subset,na.action with a formula, as of [sparse_mtl()].
#' @param fdr the rate of false discoveries of the features, and of the cells (feature, task).
#' @param at_least tasks in which a feature must be active.
#' @param draws of copies; more of them depend less on `rng`.
#' @param rng a whole number that determines the draws; by default it is drawn from R's random numbers.
#' @param n_jobs draws at a time.
#' @param progress `TRUE` shows a bar.
#' @param x what `knockoffs()` returns; for `autoplot()` as `object`.
#' @param max_features most features shown.
#' @param ... not used.
#' @return An object of class `mtl_knockoffs`: `features` (names), `cells` (features by tasks, `TRUE` where selected at the same rate),
#'   `e_value` and `share` (of draws whose filter passed the cell), `fdr`, `at_least`, `draws`. `tidy()`: a row per feature and task
#'   that any draw passed. `plot()` and `autoplot()`: a heatmap of the shares, with a dot in cells that are selected.
#' @seealso [stability()], which finds weaker effects.
#' @examplesIf sparsekin::core_available()
#' set.seed(1)
#' studies <- data.frame(site = rep(c("north", "south"), each = 150), matrix(rnorm(3600), 300))
#' studies$y <- rowSums(studies[2:7]) + rnorm(300)
#' knockoffs(y ~ ., studies, "site", draws = 10, rng = 1)
#' @export
knockoffs <- function(object, ...) UseMethod("knockoffs")

#' @rdname knockoffs
#' @export
knockoffs.formula <- function(object, data, task = NULL, keep = NULL, fdr = 0.2, at_least = 1, draws = 20, missing = c("raise", "drop"),
                              subset = NULL, na.action = NULL, rng = NULL, n_jobs = NULL, progress = FALSE, ...) {
  env <- parent.frame()
  given <- given_rows(match.call(), object, data, env, first(missing))
  data <- core_data(make_design(object, given, keep), read_scale("within", FALSE))
  new_knockoffs(data, fdr, at_least, draws, rng, n_jobs, progress, object)
}

#' @rdname knockoffs
#' @export
knockoffs.sparse_mtl <- function(object, fdr = 0.2, at_least = 1, draws = 20, rng = NULL, n_jobs = NULL, progress = FALSE, ...) {
  new_knockoffs(core_data(object$design, object$scale), fdr, at_least, draws, rng, n_jobs, progress, object$formula)
}

new_knockoffs <- function(data, fdr, at_least, draws, rng, n_jobs, progress, formula) {
  found <- call_core("knockoffs", list(data = data, options = list(
    fdr = fdr, at_least = sizes(at_least), draws = sizes(draws), rng = read_rng(rng), n_jobs = n_jobs, progress = progress
  )))
  names <- list(term = as.vector(data$features), task = as.character(unlist(found$tasks)))
  table <- function(values) matrix(values, length(names$term), dimnames = names)
  structure(list(
    formula = formula, features = as.character(unlist(found$features)), cells = table(found$cells == 1), e_value = table(found$e_value),
    share = table(found$share), fdr = fdr, at_least = at_least, draws = found$draws, nobs = nrow(data$y)
  ), class = "mtl_knockoffs")
}

#' @rdname knockoffs
#' @export
print.mtl_knockoffs <- function(x, ...) {
  what <- if (x$at_least == 1) "any task" else paste("at least", x$at_least, "tasks")
  n <- length(x$features)
  cat(
    if (!n) "Nothing is selected" else paste(counted(n, "feature"), "selected"), " in ", what, " at fdr = ", x$fdr,
    if (n) paste0(": ", list_names(x$features)), ".\n", sep = ""
  )
  shown <- which(rownames(x$share) %in% x$features | rowSums(x$cells) > 0)
  shown <- utils::head(shown[order(-rowSums(x$share[shown, , drop = FALSE]))], 40L)
  if (length(shown)) {
    values <- x$share[shown, , drop = FALSE]
    if (ncol(values) > many_tasks) {
      values <- cbind(mean = rowMeans(values), min = apply(values, 1L, min), max = apply(values, 1L, max))
      cells <- matrix(sprintf("%.2f", values), nrow(values), dimnames = dimnames(values))
    } else {
      cells <- matrix(
        sprintf("%.2f%s", values, ifelse(x$cells[shown, , drop = FALSE], "*", " ")), nrow(values), dimnames = unname(dimnames(values))
      )
    }
    cat("\nShare of draws:\n")
    print_cells(cells)
  }
  cat(strwrap(paste0(
    counted(x$draws, "draw"), " of knockoffs, filtered over all features and tasks together. *: selected in that task, at most ", x$fdr,
    " of all such cells false, on average. Columns are taken as jointly normal in each task. A second opinion: it may miss weak ",
    "effects that stability() finds."
  ), 80L), sep = "\n")
  invisible(x)
}

#' @rdname knockoffs
#' @export
summary.mtl_knockoffs <- function(object, ...) as_summary(object)

#' @rdname knockoffs
#' @export
print.summary.mtl_knockoffs <- function(x, ...) print_with(x, function(found) invisible())

#' @rdname knockoffs
#' @method tidy mtl_knockoffs
#' @export
tidy.mtl_knockoffs <- function(x, ...) {
  at <- which(t(x$share) > 0, arr.ind = TRUE)
  cells <- at[, 2:1, drop = FALSE]
  data.frame(
    term = rownames(x$share)[cells[, 1L]], task = colnames(x$share)[cells[, 2L]], e_value = x$e_value[cells], share = x$share[cells],
    selected = x$cells[cells], row.names = NULL
  )
}

#' @rdname knockoffs
#' @method glance mtl_knockoffs
#' @export
glance.mtl_knockoffs <- function(x, ...) {
  data.frame(n_selected = length(x$features), fdr = x$fdr, at_least = x$at_least, draws = x$draws, nobs = x$nobs)
}

#' @rdname knockoffs
#' @export
nobs.mtl_knockoffs <- function(object, ...) object$nobs

#' @rdname knockoffs
#' @export
formula.mtl_knockoffs <- function(x, ...) x$formula

#' @rdname knockoffs
#' @export
plot.mtl_knockoffs <- function(x, max_features = 60L, ...) {
  draw_frequency(shares_of_draws(x, max_features))
  invisible(x)
}

#' @rdname knockoffs
#' @exportS3Method ggplot2::autoplot
autoplot.mtl_knockoffs <- function(object, max_features = 60L, ...) gg_frequency(shares_of_draws(object, max_features))

# As frequency_of(), of draws.
shares_of_draws <- function(x, max_features) {
  order <- order(-rowSums(x$share))
  order <- order[rowSums(x$share)[order] > 0]
  at <- utils::head(order, max_features)
  title <- if (length(at)) {
    paste0(if (length(at) < length(order)) paste("The first", length(at), "of ") else "", counted(length(order), "feature"), " that a draw passed; dot: selected")
  } else "No draw of knockoffs passed a feature"
  list(values = x$share[at, , drop = FALSE], shown = x$cells[at, , drop = FALSE], stable = 0L, key = "share of draws", title = title)
}
