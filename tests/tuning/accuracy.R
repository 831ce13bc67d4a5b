# Standard errors of concordance by R's survival for the cases in a JSON file; prints JSON.
cases <- jsonlite::fromJSON(commandArgs(TRUE)[1], simplifyDataFrame = FALSE)
said <- lapply(cases, function(case) {
  y <- if (!is.matrix(case$y)) case$y else if (ncol(case$y) == 3) {
    survival::Surv(case$y[, 1], case$y[, 2], case$y[, 3])
  } else survival::Surv(case$y[, 1], case$y[, 2])
  reverse <- is.matrix(case$y)
  strata <- survival::strata
  form <- if (is.null(case$strata)) y ~ case$score else y ~ case$score + strata(case$strata)
  found <- survival::concordance(form, timewt = "n", reverse = reverse)
  counts <- if (is.matrix(found$count)) colSums(found$count) else found$count
  list(value = unname((counts["concordant"] + counts["tied.x"] / 2) / sum(counts[1:3])), se = sqrt(found$var))
})
cat(jsonlite::toJSON(said, digits = NA))
