#!/usr/bin/env bash
# Render the R vignettes: r_vignettes.sh VENV DIRECTORY. Says why, and does nothing, where there is no R.
set -euo pipefail
venv=$(cd "$1" && pwd)
out=$2
if ! command -v Rscript >/dev/null; then
    echo "R vignettes not built: there is no Rscript." >&2
    exit 0
fi
mkdir -p "$out"
out=$(cd "$out" && pwd)
export VIRTUAL_ENV=$venv RETICULATE_PYTHON=$venv/bin/python R_LIBS=$venv/R-library
# In a copy, for rendering leaves files beside the page.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp -r r-wrapper/vignettes "$scratch"
for page in "$scratch"/vignettes/*.Rmd; do
    Rscript -e 'args <- commandArgs(TRUE)
        head <- list(includes = rmarkdown::includes(in_header = args[3]))
        rmarkdown::render(args[1], output_dir = args[2], output_options = head, quiet = TRUE)' \
        "$page" "$out" "$PWD/docs/static/vignettes.html"
done
