# Codes of rows from whatever is observed of them.

# A list K, H (m, d): the codes expected given the tables, for normal codes and noise. (k, h) has mean 0 and the covariance
# of the fitted codes, or the one that maximum likelihood estimates; what is not observed is averaged over. `tables` holds
# those that are known.
expected_codes <- function(fit, tables) {
  if (!is.null(fit$column_noise)) return(decode(fit, tables, fit$basis, 1, fit$column_noise))
  codes <- cbind(fit$codes_fixed, fit$codes_random)
  spread <- eigen(crossprod(codes) / nrow(codes), symmetric = TRUE)
  basis <- sweep(spread$vectors, 2L, sqrt(pmax(spread$values, 0)), `*`)
  decode(fit, tables, basis, 1)
}

# The codes the fit itself would give to rows: its row step.
row_codes <- function(fit, tables) {
  if (!is.null(fit$column_noise)) expected_codes(fit, tables) else decode(fit, tables, fit$basis, fit$overall$ridge)
}

# Codes (k, h) = basis %*% g with a penalty ridge ||g||^2, row by row: one system per pattern of missing cells. `noise`: for
# each table a variance, or one for each of its columns.
decode <- function(fit, tables, basis, ridge, noise = as.list(fit$noise)) {
  d <- ncol(fit$codes_fixed)
  upper <- basis[seq_len(d), , drop = FALSE]
  lower <- basis[d + seq_len(d), , drop = FALSE]
  combined <- list(y = upper + lower, x = upper, z = lower)[names(tables)]
  effective <- do.call(rbind, Map(function(name, way) fit$loadings[[name]] %*% way, names(tables), combined))
  weights <- 1 / unlist(Map(function(name, table) rep_len(noise[[name]], ncol(table)), names(tables), tables))
  values <- do.call(cbind, Map(function(table, name) {
    sweep(sweep(unname(table), 2L, fit$center[[name]]), 2L, fit$scale[[name]], `/`)
  }, tables, names(tables)))
  g <- solve_patterns(values, effective, weights, ridge)
  list(K = tcrossprod(g, upper), H = tcrossprod(g, lower))
}

# (m, r) g that minimises sum_j w_j (v_ij - M_j g_i)^2 + ridge ||g_i||^2 over the cells seen.
solve_patterns <- function(values, effective, weights, ridge) {
  seen <- !is.na(values)
  key <- character(nrow(values))
  gaps <- which(rowSums(seen) < ncol(seen))
  key[gaps] <- apply(seen[gaps, , drop = FALSE], 1L, function(row) paste(which(!row), collapse = " "))
  out <- matrix(0, nrow(values), ncol(effective))
  for (rows in split(seq_along(key), key)) {
    there <- seen[rows[1L], ]
    M <- effective[there, , drop = FALSE]
    system <- crossprod(M * weights[there], M) + diag(ridge, ncol(M))
    right <- values[rows, there, drop = FALSE] %*% (M * weights[there])
    out[rows, ] <- t(solve_symmetric(system, t(right)))
  }
  out
}

# As in the core, a tiny share of the mean diagonal is added, so that a singular system has a solution.
solve_symmetric <- function(system, right) {
  tiny <- 1e-10 * mean(diag(system))
  factor <- chol(system + diag(if (tiny > 0) tiny else 1, nrow(system)))
  backsolve(factor, forwardsolve(t(factor), right))
}

# The tables of new rows that can be made: those in `needed`, and of `wanted` those whose columns are there.
new_tables <- function(fit, newdata, needed, wanted = character()) {
  newdata <- check_data(newdata, empty = TRUE)
  there <- Filter(function(name) all(forms_columns(fit$design, name) %in% names(newdata)), setdiff(wanted, needed))
  made <- c(needed, there)
  stats::setNames(lapply(made, new_table, design = fit$design, newdata = newdata), made)
}

# Columns of the data that a table reads.
forms_columns <- function(design, block) {
  if (block == "y") return(design$recipes$y$columns)
  if (block == "z" && !is.null(design$random)) return(c(design$random$recipe$columns, design$task_name))
  design$recipes[[block]]$columns
}

new_table <- function(block, design, newdata) {
  absent <- setdiff(forms_columns(design, block), names(newdata))
  if (length(absent)) {
    stop_sparsekin(
      "The data lack columns the model was fitted with: ", list_names(absent), ".", class = "sparsekin_DataError"
    )
  }
  if (block == "y") return(read_responses(design$responses, newdata, environment(design$formula))$values)
  if (block == "x" || is.null(design$random)) return(table_again(design$recipes[[block]], newdata))
  task <- factor(as.character(newdata[[design$task_name]]), levels(design$task))
  crossed_columns(design$random, table_again(design$random$recipe, newdata), task, design$task_name, design$silent)
}

table_again <- function(recipe, newdata) {
  newdata <- typed_gaps(newdata, recipe)
  frame <- stats::model.frame(recipe$terms, newdata, na.action = stats::na.pass)
  check_levels(frame, recipe$xlevels)
  in_formula(stats::formula(recipe$terms), stats::.checkMFClasses(attr(recipe$terms, "dataClasses"), frame))
  frame <- stats::model.frame(recipe$terms, newdata, na.action = stats::na.pass, xlev = recipe$xlevels)
  `attr<-`(table_values(recipe$terms, frame, recipe$contrasts), "contrasts", NULL)
}

# Columns without any value are logical in R; here they are text where a factor is expected, else numbers.
typed_gaps <- function(newdata, recipe) {
  for (name in recipe$columns) {
    if (all(is.na(newdata[[name]])) && is.logical(newdata[[name]])) {
      newdata[[name]] <- if (name %in% names(recipe$xlevels)) NA_character_ else NA_real_
    }
  }
  newdata
}
