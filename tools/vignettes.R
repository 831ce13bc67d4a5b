# vignettes.R write|check: R's vignettes are computed here, not where they are read, so that they are complete without the Python core.
# r-wrapper/vignettes/*.Rmd.orig are the sources; `write` makes the .Rmd of them and figures/; `check` stops where one is no longer what
# its source gives. Numbers may differ by a thousandth, and all below 1e-6 are alike.

pages <- function(folder) Sys.glob(file.path(folder, "*.Rmd.orig"))

# Into `folder`: page.Rmd and figures/page-chunk.png.
knit_page <- function(source, folder) {
  name <- sub("\\.Rmd\\.orig$", "", basename(source))
  out <- file.path(folder, paste0(name, ".Rmd"))
  here <- setwd(folder)
  on.exit(setwd(here))
  knitr::opts_chunk$restore()
  knitr::opts_chunk$set(fig.path = paste0("figures/", name, "-"), dpi = 110, error = FALSE)  # an error ends it
  knitr::render_markdown()
  # a caption would repeat the name of the chunk
  knitr::knit_hooks$set(plot = function(file, options) sprintf("![%s](%s)\\ \n", gsub("-", " ", options$label), file))
  knitr::knit(source, out, quiet = TRUE, envir = new.env(parent = globalenv()))
  out
}

number <- "-?[0-9]+\\.?[0-9]*(e[-+]?[0-9]+)?"

# A table's column "seconds", which no two runs have alike, is empty. Its cells end where the head ends; how wide they are differs, too.
without_seconds <- function(lines) {
  last <- 0L
  for (i in seq_along(lines)) {
    head <- regexpr("\\bseconds$|\\bseconds ", lines[i])
    if (head > 0L) last <- head + nchar("seconds") - 1L else if (!nzchar(lines[i])) last <- 0L
    if (last) lines[i] <- paste0(sub("\\S+$", "", substr(lines[i], 1L, last)), substring(lines[i], last + 1L))
  }
  lines
}

same_page <- function(one, other) {
  read <- function(file) {
    text <- paste(without_seconds(readLines(file, encoding = "UTF-8")), collapse = "\n")
    gsub("[0-9.]+ s\\b", "some s", text)  # how long it took
  }
  texts <- c(read(one), read(other))
  words <- gsub("[ -]+", " ", gsub(number, "#", texts))  # columns are as wide as their numbers
  numbers <- lapply(regmatches(texts, gregexpr(number, texts)), as.numeric)
  if (words[1L] != words[2L] || length(numbers[[1L]]) != length(numbers[[2L]])) return(FALSE)
  a <- numbers[[1L]]
  b <- numbers[[2L]]
  all(abs(a - b) <= 1e-3 * pmax(abs(a), abs(b)) | pmax(abs(a), abs(b)) < 1e-6)
}

main <- function(what) {
  here <- normalizePath("r-wrapper/vignettes")
  if (!sparsekin::core_available()) stop(conditionMessage(tryCatch(sparsekin::core_version(), error = identity)))
  scratch <- tempfile("vignettes")
  dir.create(scratch)
  stale <- character()
  for (source in pages(here)) {
    made <- knit_page(source, scratch)
    kept <- file.path(here, basename(made))
    if (what == "check" && !(file.exists(kept) && same_page(made, kept))) {
      stale <- c(stale, basename(made))
      system2("diff", c(shQuote(kept), shQuote(made)))
    }
  }
  if (what == "write") {
    unlink(file.path(here, "figures"), recursive = TRUE)
    file.copy(c(Sys.glob(file.path(scratch, "*.Rmd")), file.path(scratch, "figures")), here, overwrite = TRUE, recursive = TRUE)
  }
  gone <- setdiff(basename(Sys.glob(file.path(here, "*.Rmd"))), sub("\\.orig$", "", basename(pages(here))))
  if (length(stale) || length(gone)) stop("Not what their sources give: ", toString(c(stale, gone)), ". make vignettes writes them anew.")
}

main(match.arg(commandArgs(TRUE), c("write", "check")))
