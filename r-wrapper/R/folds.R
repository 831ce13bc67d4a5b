# Folds, groups and the seed, checked and cut to the rows that are used.

# A number, or the folds of the rows that are used, from 0.
read_folds <- function(folds, design) {
  if (length(folds) == 1L) return(sizes(folds))
  folds <- of_used_rows(folds, "folds", design)
  codes <- suppressWarnings(as.integer(as.character(folds)))
  bad <- !is.na(folds) & (is.na(codes) | codes < 1L)
  if (any(bad)) {
    stop_sparsekin(
      "folds must be whole numbers 1, 2, ..., or NA for rows that are never held out, not ",
      list_names(unique(as.character(folds[bad]))), ".", class = "sparsekin_OptionError"
    )
  }
  ifelse(is.na(codes), -1L, codes - 1L)
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
