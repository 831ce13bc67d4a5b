# How often half-samples chose each feature, in any task and in each.

#' How often half-samples chose
#'
#' The share of half-samples of [stability()] that chose each feature; of a fit of [mt_hal()], each set of variables; of [pool_imputed()] the
#' share of imputed data sets. Methods for [stats::frequency()].
#'
#' @param x a fit that [stability()] has returned, or an object of [pool_imputed()].
#' @param ... not used.
#' @return A matrix with a row per candidate feature (of a fit of [mt_hal()]: per set of variables that any half-sample chose) and the columns `any`, in any
#'   task, and a column per task; of [pool_imputed()] without `any`. An error of class `sparsekin_Unavailable` where there are no half-samples.
#' @examplesIf sparsekin::core_available()
#' fit <- sparse_mtl(mpg ~ wt + hp + qsec, data = mtcars, task = "am", s = 1)
#' frequency(stability(fit, pairs = 10, rng = 1))
#' @name frequency.sparse_mtl
NULL

#' @rdname frequency.sparse_mtl
#' @export
frequency.sparse_mtl <- function(x, ...) {
  found <- half_samples(x, "frequency()")
  out <- cbind(found$frequency_any, found$frequency)
  dimnames(out) <- list(rownames(found$frequency), c("any", colnames(found$frequency)))
  out
}

#' @rdname frequency.sparse_mtl
#' @export
frequency.mt_hal <- function(x, ...) half_samples(x, "frequency()")$frequency

#' @rdname frequency.sparse_mtl
#' @export
frequency.mtl_imputed <- function(x, ...) x$frequency

# As frequency_of(), of sets of variables, none of which is called stable.
hal_frequency_of <- function(object, max_features = 60L) {
  half_samples(object, "plot(type = \"frequency\")")
  found <- frequency(object)
  values <- utils::head(found[order(-found[, 1L]), , drop = FALSE], max_features)
  if (nrow(values)) dimnames(values) <- list(rownames(values), make.unique(c("any task", object$tasks)))
  few <- if (nrow(values) < nrow(found)) paste("The first", nrow(values), "of", counted(nrow(found), "set")) else counted(nrow(values), "set")
  list(
    values = values, shown = values > 2, stable = 0L, key = "share of half-samples",
    title = if (nrow(values)) paste(few, "of variables") else "No half-sample chose a function"
  )
}

# A list: values (m, 1 + K) shares, the most frequent feature first; stable, how many of them are; shown (m, 1 + K), where a task's own
# rows show the feature; title.
frequency_of <- function(object, max_features) {
  half_samples(object, "plot(type = \"frequency\")")
  chosen <- select_features(object)
  shares <- frequency(object)
  order <- order(-shares[, 1L])
  order <- order[shares[order, 1L] > 0]
  at <- utils::head(order, max_features)
  values <- shares[at, , drop = FALSE]
  dimnames(values) <- list(rownames(shares)[at], make.unique(c("any task", object$tasks)))
  shown <- values > 2
  cells <- intersect(rownames(values), rownames(chosen$cells))
  shown[cells, -1L] <- chosen$cells[cells, ]
  stable <- sum(rownames(values) %in% chosen$table$term[chosen$table$stable])
  if (!length(at)) return(list(values = values, shown = shown, stable = 0L, key = "", title = "No half-sample chose a feature"))
  few <- if (length(at) < length(order)) paste("The first", length(at), "of", counted(length(order), "feature")) else counted(length(at), "feature")
  list(values = values, shown = shown, stable = stable, key = "share of half-samples", title = paste0(few, ", ", stable, " stable; dot: shown by own rows"))
}

frequency_colours <- function() rev(grDevices::hcl.colors(101L, "Blues 3"))

draw_frequency <- function(found) {
  values <- found$values
  if (!nrow(values)) return(say_nothing(found$title))
  m <- nrow(values)
  draw_heatmap(
    values, found$title, found$key, limits = c(0, 1), colours = frequency_colours(), over = function() {
      at <- which(found$shown, arr.ind = TRUE)
      cell <- min(graphics::par("pin") / rev(dim(values))) / graphics::par("csi")
      graphics::points(at[, 2L], m + 1 - at[, 1L], pch = 21L, bg = "white", col = "grey20", cex = min(1, 0.9 * cell))
      if (found$stable > 0L) graphics::abline(h = m - found$stable + 0.5, col = "#c0392b", lwd = 1.6)
    }
  )
}

gg_frequency <- function(found) {
  values <- found$values
  if (!nrow(values)) return(ggplot2::ggplot() + ggplot2::labs(title = found$title))
  cells <- data.frame(
    feature = factor(rownames(values)[row(values)], rev(rownames(values))), task = factor(colnames(values)[col(values)], colnames(values)),
    share = as.vector(values), shown = as.vector(found$shown)
  )
  out <- ggplot2::ggplot(cells, ggplot2::aes(.data[["task"]], .data[["feature"]])) +
    ggplot2::geom_tile(ggplot2::aes(fill = .data[["share"]]), colour = "grey85") +
    ggplot2::geom_point(data = cells[cells$shown, ], shape = 21, fill = "white", colour = "grey20", size = 1.6) +
    ggplot2::scale_fill_gradientn(colours = frequency_colours(), limits = c(0, 1), name = sub(" of ", " of\n", found$key)) +
    ggplot2::scale_x_discrete(labels = function(at) short_names(at, 20L), guide = cell_guide(levels(cells$task))) +
    ggplot2::scale_y_discrete(labels = function(at) short_names(at, 26L)) +
    ggplot2::labs(x = NULL, y = NULL, title = found$title) +
    title_from_left()
  if (found$stable > 0L) out <- out + ggplot2::geom_hline(yintercept = nrow(values) - found$stable + 0.5, colour = "#c0392b", linewidth = 0.7)
  out
}
