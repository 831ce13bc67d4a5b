#' @rdname tidy.sparse_mtl
#' @method augment sparse_mtl
#' @export
augment.sparse_mtl <- function(x, data = NULL, newdata = NULL, how = c("task", "mean", "pooled", "stack"), task = NULL,
                               labelled = NULL, ...) {
  if (!is.null(newdata)) return(augment_new(x, data, newdata, how = first(how), task = task, labelled = labelled))
  check_of_new_rows(c(if (first(how) != "task") "how", if (!is.null(task)) "task", if (!is.null(labelled)) "labelled"))
  added <- fitted_columns(x)
  if (is.null(data)) return(data.frame(.rownames = x$ledger$kept, added, row.names = NULL, check.names = FALSE))
  data <- check_data(data)
  if (nrow(data) != x$ledger$n_given) {
    stop_sparsekin(
      "data has ", nrow(data), " rows, but the model used rows of a data frame of ", x$ledger$n_given,
      "; give the one it was fitted to.", class = "sparsekin_DataError"
    )
  }
  check_own_rows(x, data)
  at <- rep(NA_integer_, nrow(data))
  at[setdiff(seq_along(at), x$na.action)] <- seq_len(nrow(added))
  new <- added[at, setdiff(names(added), names(data)[names(data) == "task"]), drop = FALSE]
  place_beside(data, new)
}

# The data and the columns added, row by row; of data that were augmented before, the new ones.
place_beside <- function(data, added) {
  cbind(data[setdiff(names(data), names(added))], `row.names<-`(added, NULL))
}

fitted_columns <- function(x) {
  if (x$design$multi_label) {
    both <- cbind(x$fitted.values, x$residuals)
    stems <- rep(c(".fitted_", ".resid_"), each = length(x$tasks))
    out <- as.data.frame(`dimnames<-`(both, list(NULL, paste0(stems, x$tasks))))
    if (!is.null(x$held_out)) out[paste0(".fitted_cv_", x$tasks)] <- held_out_means(x)
    return(out)
  }
  task <- if (is.null(x$design$task)) rep(x$tasks, length(x$fitted.values)) else as.character(x$design$task)
  out <- data.frame(task = task, .fitted = unname(x$fitted.values), .resid = unname(x$residuals))
  if (!is.null(x$held_out)) out$.fitted_cv <- held_out_means(x)[, 1L]
  out
}

# (n, 1), or (n, K) of several outcomes: what models that have not seen the rows predict, on the scale of fitted().
held_out_means <- function(x) {
  eta <- x$held_out$eta
  if (x$design$multi_label) return(as_response(eta, x$families))
  families <- x$families[own_tasks(x$design)]
  out <- eta
  for (family in unique(families)) out[families == family, ] <- as_response(eta[families == family, , drop = FALSE], family)
  out
}
