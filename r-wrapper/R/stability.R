#' How sure is the selection?
#'
#' `stability()` selects again on complementary halves of the rows of every task, at the settings of the fit, and estimates
#' on the other halves. The share of half-samples that choose a feature in any task says whether it would come back; its
#' slopes in all tasks come from rows that did not choose it, so that intervals cover. After it, [confint()], [pvalues()],
#' `select_features()`, `heterogeneity()`, [summary()] and [tidy()] have answers.
#'
#' `select_features()` asks first which features: those whose frequency passes the least cut, 1/2 or more, at which at most
#' `fdr` of them are expected to be false (r-concave bound of Shah and Samworth, 2013). Then in which tasks: by
#' Benjamini and Hochberg over the p-values of their held-out slopes; in at least r tasks by the partial conjunction p-value of
#' Benjamini and Heller (2008).
#'
#' `heterogeneity()` asks of every stable feature whether its effect is the same in all tasks: Cochran's Q, Welch's F test, I2 and
#' tau2 (DerSimonian and Laird), random-effects mean with a 95 % interval and the prediction interval of another task's slope.
#'
#' Of a fit of [mt_hal()], whose functions are chosen again on halves at its `lambda`, there are frequencies, `stability$frequency` of sets of
#' variables and `stability$variable_frequency`, in any task and in each, and curves with bands: [band()] and [plot()].
#'
#' @param object a fit of [sparse_mtl()], of [mt_hal()] or of [refit()].
#' @param pairs pairs of half-samples, at least 10.
#' @param groups a label per row: rows of one group (one patient) stay in one half, across tasks too.
#' @param retune `TRUE` chooses `s` and `lambda_z` anew in every half, by 5-fold cross-validation: some 30 times slower.
#' @param rng a whole number that determines the halves. By default it is drawn from R's random numbers, so that [set.seed()] governs them.
#' @param n_jobs half-samples at a time.
#' @param progress `TRUE` shows a bar.
#' @param fdr the rate of false discoveries, between 0 and 1.
#' @param at_least a number of tasks.
#' @param gate `FALSE` tests all features with estimates, stable or not.
#' @param ... not used.
#' @return `stability()`: the fit with `stability`, a list. `select_features()`: a list with `features` (names), `cells`
#'   (stable features and the tasks whose own rows show them), `cutoff`, `bound` (expected number of false features from the
#'   cut on), `table` and `note`, why no feature is stable (empty where some are). `heterogeneity()`: a data frame with the names of broom.
#' @examplesIf sparsekin::core_available()
#' set.seed(1)
#' studies <- data.frame(site = rep(c("north", "south"), each = 60), matrix(rnorm(1200), 120))
#' studies$y <- studies$X2 - studies$X5 + rnorm(120)
#' fit <- sparse_mtl(y ~ ., data = studies, task = "site", s = 2, lambda_1 = 0.01, lambda_z = 0.1)
#' sure <- stability(fit, pairs = 20, rng = 1)
#' select_features(sure)$features
#' confint(sure, "X2")
#' heterogeneity(sure)
#' @export
stability <- function(object, ...) UseMethod("stability")

#' @rdname stability
#' @export
stability.sparse_mtl <- function(object, pairs = 50, groups = NULL, retune = FALSE, rng = NULL, n_jobs = NULL,
                                 progress = FALSE, ...) {
  options <- options_of(object)
  drawing <- list(
    pairs = pairs, groups = read_groups(groups, object$design), retune = retune, rng = read_rng(rng), n_jobs = n_jobs, progress = progress
  )
  found <- call_core("stability", list(data = core_data(object$design, object$scale), options = options, drawing = drawing))
  features <- rownames(object$support)
  dimnames(found$frequency) <- dimnames(object$support)
  found$frequency_any <- stats::setNames(drop(found$frequency_any), features)
  object$stability <- name_slopes(found, object$support)
  object$stability$split <- name_slopes(found$split, object$support)
  object
}

# Held-out slopes with the names of features and tasks.
name_slopes <- function(found, support) {
  names <- list(rownames(support)[found$features], colnames(support))
  for (part in c("slope", "se", "df", "p")) found[[part]] <- matrix(found[[part]], length(names[[1L]]), length(names[[2L]]), dimnames = names)
  found
}

#' @rdname stability
#' @export
select_features <- function(object, ...) UseMethod("select_features")

#' @rdname stability
#' @export
select_features.sparse_mtl <- function(object, fdr = 0.1, at_least = 1, gate = TRUE, ...) {
  found <- half_samples(object, "select_features()")
  K <- ncol(found$slope)
  if (at_least > K) stop_sparsekin("at_least must be a number of tasks, 1 to ", K, ".", class = "sparsekin_OptionError")
  share <- found$frequency_any[found$features]
  cut <- if (gate) stable_cut(found, fdr) else list(cutoff = NA_real_, bound = NA_real_)
  stable <- if (gate) share >= cut$cutoff - 1e-9 else rep(TRUE, length(share))
  tested <- stable & rowSums(is.finite(found$p)) > 0
  adjusted <- found$p * NA
  adjusted[tested, ] <- stats::p.adjust(found$p[tested, , drop = FALSE], "BH")
  conjunction <- stats::setNames(rep(NA_real_, length(share)), names(share))
  conjunction[tested] <- stats::p.adjust(partial_conjunction(found$p[tested, , drop = FALSE], at_least), "BH")
  chosen <- if (at_least == 1 && gate) stable else !is.na(conjunction) & conjunction <= fdr
  cells <- !is.na(adjusted) & adjusted <= fdr
  order <- order(-share)
  list(
    features = names(share)[order][chosen[order]], cells = cells[rowSums(cells) > 0, , drop = FALSE], cutoff = cut$cutoff,
    bound = cut$bound, adjusted = adjusted, note = if (is.infinite(cut$cutoff)) why_no_cut(found, fdr) else "",
    table = data.frame(
      term = names(share), frequency = unname(share), stable = unname(stable), p.adjusted = unname(conjunction),
      selected = unname(chosen)
    )[order, , drop = FALSE]
  )
}

# The least share of half-samples that keeps the promise, 1/2 or more; Inf where none does.
stable_cut <- function(found, fdr) {
  tau <- seq_along(found$may_pass) / length(found$may_pass)
  passed <- vapply(tau, function(t) sum(found$frequency_any >= t - 1e-9), 1)
  kept <- which(tau >= 0.5 - 1e-9 & passed > 0 & found$may_pass <= fdr * passed)[1L]
  if (is.na(kept)) list(cutoff = Inf, bound = NaN) else list(cutoff = tau[kept], bound = found$may_pass[kept])
}

# Why no cut keeps the promise, in the words of Python.
why_no_cut <- function(found, fdr) {
  often <- found
  often$frequency_any <- as.numeric(found$frequency_any >= 0.5 - 1e-9)
  if (!any(often$frequency_any > 0) || is.finite(stable_cut(often, fdr)$cutoff)) {
    return("no feature is chosen by so many of the half-samples that the false discovery rate is kept")
  }
  paste0(
    "so many of the candidates are chosen that no cut of half-samples keeps the false discovery rate, however often a feature is chosen (a half-sample chooses ",
    sprintf("%.1f", sum(found$frequency_any)), " of ", length(found$frequency_any),
    " on average): a smaller s, more candidates or a larger fdr may"
  )
}

# p-values of "in fewer than r tasks"; tasks that say nothing count as 1.
partial_conjunction <- function(p, r) {
  p[is.na(p)] <- 1
  pmin(1, (ncol(p) - r + 1) * apply(p, 1L, function(row) sort(row)[r]))
}

#' @rdname stability
#' @export
heterogeneity <- function(object, ...) UseMethod("heterogeneity")

#' @rdname stability
#' @export
heterogeneity.sparse_mtl <- function(object, fdr = 0.1, ...) {
  found <- half_samples(object, "heterogeneity()")
  stable <- names(which(found$frequency_any[found$features] >= stable_cut(found, fdr)$cutoff - 1e-9))
  rows <- lapply(stable, function(term) compare_slopes(term, found$slope[term, ], found$se[term, ], found$df[term, ]))
  none <- data.frame(
    term = character(), cochran.qe = numeric(), df = integer(), p.value = numeric(), i.squared = numeric(),
    tau.squared = numeric(), estimate = numeric(), std.error = numeric(), conf.low = numeric(), conf.high = numeric(),
    pred.low = numeric(), pred.high = numeric()
  )
  out <- do.call(rbind, c(list(none), rows))
  out$p.adjusted <- stats::p.adjust(out$p.value, "BH")
  out$differs <- out$p.adjusted <= fdr
  out
}

# Slopes of one feature in K tasks: Welch's F takes the standard errors as estimated.
compare_slopes <- function(term, slope, se, df) {
  there <- is.finite(slope) & is.finite(se) & se > 0
  K <- sum(there)
  if (K < 2L) return(NULL)
  b <- slope[there]
  w <- 1 / se[there]^2
  Q <- sum(w * (b - sum(w * b) / sum(w))^2)
  lost <- sum((1 - w / sum(w))^2 / df[there])
  welch <- Q / (K - 1) / (1 + 2 * (K - 2) / (K^2 - 1) * lost)
  tau2 <- max(0, (Q - (K - 1)) / (sum(w) - sum(w^2) / sum(w)))
  v <- 1 / (1 / w + tau2)
  mean <- sum(v * b) / sum(v)
  error <- sum(v)^-0.5
  half <- if (K > 2L) stats::qt(0.975, K - 2) * sqrt(tau2 + error^2) else NaN
  data.frame(
    term = term, cochran.qe = Q, df = K - 1L, p.value = stats::pf(welch, K - 1, (K^2 - 1) / (3 * lost), lower.tail = FALSE),
    i.squared = if (Q > 0) max(0, 1 - (K - 1) / Q) else 0, tau.squared = tau2, estimate = mean, std.error = error,
    conf.low = mean - stats::qnorm(0.975) * error, conf.high = mean + stats::qnorm(0.975) * error, pred.low = mean - half,
    pred.high = mean + half
  )
}

# What half-samples found, or an error that says how to get it.
half_samples <- function(object, verb) {
  if (!is.null(object$stability)) return(object$stability)
  stop_sparsekin(
    verb, " needs half-samples: ask stability(fit) first, and give what it returns.", class = "sparsekin_Unavailable"
  )
}

# (m, K, 2) ends of intervals.
held_out_ends <- function(found, level) {
  half <- stats::qt((1 + level) / 2, pmax(found$df, 1)) * found$se
  array(c(found$slope - half, found$slope + half), c(dim(found$slope), 2L), c(dimnames(found$slope), list(c("low", "high"))))
}

# "shown", "borrowed" or "unstable" of each cell that a fit selects or half-samples show, else "".
cell_status <- function(object, fdr = 0.1) {
  found <- object$stability
  chosen <- select_features(object, fdr)
  status <- ifelse(object$support, "unstable", "")
  stable <- chosen$table$term[chosen$table$stable]
  status[stable, ] <- ifelse(object$support[stable, , drop = FALSE], "borrowed", "")
  shown <- chosen$cells
  status[rownames(shown), ][shown] <- "shown"
  status
}

# The rows of tidy() with what half-samples say of candidates.
tidy_stability <- function(rows, object, level) {
  found <- object$stability
  ends <- held_out_ends(found, level)
  candidate <- rows$kind == "candidate"
  spread <- function(values) {
    out <- object$support * NA_real_
    out[rownames(values), ] <- values
    out
  }
  tables <- list(
    frequency = found$frequency, frequency_any = found$frequency * 0 + found$frequency_any,
    estimate_heldout = spread(found$slope), std.error = spread(found$se),
    conf.low = spread(matrix(ends[, , 1L], nrow(found$slope), dimnames = dimnames(found$slope))),
    conf.high = spread(matrix(ends[, , 2L], nrow(found$slope), dimnames = dimnames(found$slope))), p.value = spread(found$p),
    p.adjusted = spread(select_features(object)$adjusted), status = cell_status(object)
  )
  cells <- cbind(match(rows$term, rownames(object$support)), match(rows$task, colnames(object$support)))[candidate, , drop = FALSE]
  for (name in names(tables)) {
    rows[[name]] <- if (name == "status") "" else NA_real_
    rows[[name]][candidate] <- tables[[name]][cells]
  }
  rows$se_kind <- ifelse(candidate, found$se_kind, "none")
  rows
}

# Frequencies and held-out slopes of the features that the fit selects or that are stable.
print_stability <- function(x) {
  found <- x$stability
  if (is.null(found)) return(invisible())
  chosen <- select_features(x)
  stable <- chosen$table$term[chosen$table$stable]
  shown <- unique(c(rownames(x$support)[x$ranked], stable))
  shown <- utils::head(shown[order(-found$frequency_any[shown])], 20L)
  if (!length(shown)) return(invisible())
  status <- cell_status(x)
  ends <- held_out_ends(found, 0.95)
  cells <- vapply(colnames(x$support), function(task) {
    vapply(shown, function(term) {
      if (!term %in% rownames(found$slope) || is.na(found$se[term, task])) return("")
      sprintf(
        "%.2g [%.2g, %.2g]%s", found$slope[term, task], ends[term, task, 1L], ends[term, task, 2L],
        if (status[term, task] == "borrowed") "*" else ""
      )
    }, "")
  }, character(length(shown)))
  share <- sprintf("%.2f%s", found$frequency_any[shown], ifelse(shown %in% stable, "", " !"))
  cat("\nIn half-samples:\n")
  cells <- matrix(cells, length(shown), dimnames = list(shown, colnames(x$support)))
  print_cells(cbind(share = share, if (ncol(cells) <= many_tasks) cells))
  cat(
    "share: of ", 2 * found$pairs, " half-samples that chose the feature in any task; ",
    if (is.finite(chosen$cutoff)) {
      sprintf("! below %.2f, from which on at most %.2g false features are expected", chosen$cutoff, chosen$bound)
    } else {
      "! for all: no cut keeps the expected share of false features below 0.1"
    },
    ". [ ]: 95 % intervals from rows that did not choose the feature. *: borrowed, its own rows do not show it.\n", sep = ""
  )
  invisible()
}
