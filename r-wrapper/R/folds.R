# Folds, groups and the seed, checked and cut to the rows that are used.

# Folds and groups of the rows that are used: a number, or folds from 0 that hold no group apart.
read_split <- function(folds, groups, design) {
  out <- list(folds = read_folds(folds, design), groups = read_groups(groups, design))
  if (length(out$folds) > 1L && length(out$groups)) check_groups_whole(out$folds, out$groups, design$ledger$kept)
  out
}

read_folds <- function(folds, design) {
  if (length(folds) == 1L) return(check_number_of_folds(folds))
  folds <- of_used_rows(folds, "folds", design)
  codes <- suppressWarnings(as.integer(as.character(folds)))
  bad <- !is.na(folds) & (is.na(codes) | codes < 1L)
  if (any(bad)) {
    stop_sparsekin(
      "folds must be whole numbers 1, 2, ..., or NA for rows that are never held out, not ",
      list_names(unique(as.character(folds[bad]))), ".", class = "sparsekin_OptionError"
    )
  }
  none <- setdiff(seq_len(max(codes, 0L, na.rm = TRUE)), codes)
  if (length(none)) {
    stop_sparsekin("Fold ", none[1L], " holds out no row; number the folds 1, 2, 3, ...", class = "sparsekin_DataError")
  }
  ifelse(is.na(codes), -1L, codes - 1L)
}

check_number_of_folds <- function(folds) {
  if (!is_of_kind(folds, kind_of_argument(whole = TRUE, least = 2))) {
    stop_sparsekin(
      "folds must be one whole number of at least 2, or the fold of each row, not ", shorten(say_value(folds), 60L), ".",
      class = "sparsekin_OptionError"
    )
  }
  sizes(folds)
}

check_groups_whole <- function(folds, groups, rows) {
  torn <- which(folds != folds[match(groups, groups)])[1L]
  if (is.na(torn)) return(invisible())
  pair <- c(match(groups[torn], groups), torn)
  fold <- ifelse(folds[pair] < 0L, "none", paste("fold", folds[pair] + 1L))
  stop_sparsekin(
    "Rows ", list_names(rows[pair]), " are of one group, but the first is in ", fold[1L], " and the second in ", fold[2L],
    "; give folds that keep groups together.", class = "sparsekin_DataError"
  )
}

read_groups <- function(groups, design) {
  if (is.null(groups)) return(NULL)
  groups <- of_used_rows(groups, "groups", design)
  if (anyNA(groups)) stop_sparsekin("groups has missing values.", class = "sparsekin_DataError")
  match(groups, unique(groups))
}

of_used_rows <- function(values, name, design) {
  n <- design$ledger$n_given
  if (length(values) != n) {
    stop_sparsekin(name, " has ", length(values), " values for ", n, " rows.", class = "sparsekin_DataError")
  }
  check_names(values, name, all_rows(design$ledger))
  values[setdiff(seq_len(n), design$ledger$dropped)]
}

read_rng <- function(rng) if (is.null(rng)) sample.int(.Machine$integer.max, 1L) else rng
