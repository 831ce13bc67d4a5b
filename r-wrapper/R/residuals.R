#' @rdname fitted.sparse_mtl
#' @export
residuals.sparse_mtl <- function(object, type = c("response", "pearson", "deviance", "martingale"), ...) {
  residuals_of(object, if (missing(type)) NULL else type)
}

# Residuals of lines or curves; `type` NULL: outcome less fitted value, of survival times martingale.
residuals_of <- function(object, type) {
  cox <- any(object$families == "cox")
  allowed <- if (cox) c("martingale", "deviance") else c("response", "pearson", "deviance")
  type <- if (is.null(type)) allowed[1L] else check_choice(first(type), "type", allowed)
  values <- object$residuals
  if (type == "deviance" && cox) values[] <- cox_deviance_residuals(values, object$design$parts$columns)
  if (type %in% c("pearson", "deviance") && !cox) values[] <- scaled_residuals(object, type)
  stats::naresid(object$na.action, values)
}

# As residuals.glm() makes them, prior weights and numbers of trials included.
scaled_residuals <- function(object, type) {
  design <- object$design
  mean <- object$fitted.values
  families <- if (design$multi_label) object$families[col(mean)] else object$families[own_tasks(design)]
  weight <- rep_len(row_weights(design), length(mean))
  if (!is.null(design$parts)) weight <- weight * rowSums(design$parts$columns)
  out <- rep(NA_real_, length(mean))
  for (name in unique(families)) {
    family <- get(name, asNamespace("stats"))()
    at <- which(families == name & !is.na(object$residuals))
    y <- as.vector(design$y)[at]
    mu <- as.vector(mean)[at]
    out[at] <- if (type == "pearson") (y - mu) * sqrt(weight[at] / family$variance(mu)) else {
      sign(y - mu) * sqrt(pmax(family$dev.resids(y, mu, weight[at]), 0))
    }
  }
  out
}

# As residuals.coxph() makes them of martingale residuals.
cox_deviance_residuals <- function(martingale, columns) {
  died <- columns[, ncol(columns)] > 0
  sign(martingale) * sqrt(-2 * (martingale + ifelse(died, log(pmax(died - martingale, .Machine$double.xmin)), 0)))
}
