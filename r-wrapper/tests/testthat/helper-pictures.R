# Every picture of every class, for so many tasks and a kind of names.

kinds_of_names <- list(
  short = function(what, j) paste0(what, j),
  long = function(what, j) sprintf("%s_measured_in_blood_plasma_of_centre_%03d", what, j),
  middle = function(what, j) sprintf("%s_measured_in_%03d_plasma_at_the_first_visit", what, j),
  signs = function(what, j) paste0("_", what, " $x^{", j, "}$ \\alpha_", j, " & 5% #", j),
  foreign = function(what, j) paste0("\u86cb\u767d", what, " \u0639 \u00b5", j)
)

picture_data <- function(n_tasks, kind, p = 6L, n = 8L) {
  set.seed(1)
  name <- kinds_of_names[[kind]]
  x <- matrix(stats::rnorm(n * n_tasks * p), ncol = p)
  data <- stats::setNames(as.data.frame(x), name("protein", seq_len(p)))
  data$ward <- rep(name("site", seq_len(n_tasks)), each = n)
  data$y <- 3 * rep(stats::rnorm(n_tasks, 1, 0.5), each = n) * pmax(x[, 1], 0) + x[, 1] * x[, 2] + stats::rnorm(nrow(x), sd = 0.2)
  data$other <- x[, 2] + stats::rnorm(nrow(x))
  data
}

quoted <- function(names) paste0("`", gsub("`", "\\`", gsub("\\", "\\\\", names, fixed = TRUE), fixed = TRUE), "`")

# A list of objects, each with a list of arguments of plot() and autoplot().
every_picture <- function(n_tasks, kind) {
  data <- picture_data(n_tasks, kind)
  names <- names(data)[1:6]
  all <- stats::as.formula(paste("y ~", paste(quoted(names), collapse = " + ")))
  mains <- stats::as.formula(paste0("y ~ h(", quoted(names[1]), ", k = 5) + h(", quoted(names[2]), ", k = 5)"))
  both <- stats::as.formula(paste0("y ~ h(", quoted(names[1]), ", ", quoted(names[2]), ", k = 4)"))
  forms <- suppressWarnings(mixed_forms(
    stats::as.formula(paste("y + other ~", paste(quoted(names), collapse = " + "))), data, "ward", d = 2, max_sweeps = 5
  ))
  list(
    list(sparse_mtl(all, data, "ward", s = 3, lambda_1 = 0.1)),
    list(path_sparse_mtl(all, data, "ward", s = 1:2, lambda_1 = 0.1, lambda_z = c(0, 0.1, 1))),
    list(path_sparse_mtl(all, data, "ward", s = 1:2, lambda_1 = 0.1, lambda_z = c(0, 0.1, 1)), kind = "tasks"),
    list(quiet_edge(cv_sparse_mtl(all, data, "ward", s = 1:2, lambda_1 = 0.1, lambda_z = c(0, 0.1), folds = 2, rng = 1, lambda_2 = 0))),
    list(quiet_edge(cv_sparse_mtl(all, data, "ward", s = 1:3, lambda_1 = 0.1, lambda_z = 0, folds = 2, rng = 1, lambda_2 = 0))),
    list(suppressWarnings(
      cv_sparse_mtl(all, data, "ward", s = 1:2, lambda_1 = c(0, 0.4, 6), lambda_z = c(0, 10), folds = 2, rng = 1)
    )),
    list(mt_hal(mains, data, "ward", lambda = 0.05, tolerance = 1e-2)),
    list(mt_hal(both, data, "ward", lambda = 0.05, tolerance = 1e-2), pair = names[1:2]),
    list(path_mt_hal(mains, data, "ward", n_lambda = 4, tolerance = 1e-2)),
    list(cv_mt_hal(mains, data, "ward", n_lambda = 3, penalty = "sparse-group", l1_ratio = c(0, 1), folds = 2, rng = 1)),
    list(forms, what = "variance"), list(forms, what = "loadings"), list(forms, what = "codes"), list(forms, what = "trace"),
    list(compare_models(all, data, "ward", s = 1:2, lambda_1 = 0.1, lambda_z = 0.1, folds = 2, rng = 1))
  )
}

drawn_on <- function(width, height, code) {
  grDevices::pdf(NULL, width, height)
  on.exit(grDevices::dev.off())
  code()
}
