#' @rdname plot.sparse_mtl
#' @exportS3Method ggplot2::autoplot
autoplot.sparse_mtl <- function(object, max_features = 60L, ...) {
  values <- shown_support(object, max_features)
  cells <- data.frame(
    feature = factor(rownames(values)[row(values)], rev(rownames(values))),
    task = factor(colnames(values)[col(values)], colnames(values)), coefficient = as.vector(values)
  )
  ggplot2::ggplot(cells, ggplot2::aes(.data[["task"]], .data[["feature"]], fill = .data[["coefficient"]])) +
    ggplot2::geom_tile(colour = "grey85") +
    ggplot2::scale_fill_gradient2(
      low = diverging()[1L], mid = "white", high = diverging()[101L], na.value = "white",
      name = "standardised\ncoefficient"
    ) +
    ggplot2::labs(x = NULL, y = NULL, title = "Selected features")
}

# ggplot2's pronoun for the columns of the data.
utils::globalVariables(".data")
