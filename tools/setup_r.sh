#!/usr/bin/env bash
# setup_r.sh VENV: make R ready for the tests: R and the packages they use (through apt where there is apt and root or
# sudo), the R package in VENV/R-library, and rpy2 in VENV. Where that cannot be, VENV/r-skipped.txt says why, and R's
# tests are skipped; where CI=true that is an error (tools/check_r.sh).
set -euo pipefail
venv=$1
source "$(dirname "$0")/apt.sh"
cd "$(dirname "$0")/.."
reason=$venv/r-skipped.txt
rm -f "$venv/.r" "$reason"

NEEDED='reticulate jsonlite generics testthat glmnet ggplot2 broom knitr rmarkdown emmeans insight mice parameters performance recipes'
DEBIAN=(r-base-core r-base-dev r-cran-reticulate r-cran-jsonlite r-cran-generics r-cran-testthat r-cran-glmnet
        r-cran-ggplot2 r-cran-broom r-cran-knitr r-cran-rmarkdown r-cran-emmeans r-cran-insight
        r-cran-mice r-cran-parameters r-cran-performance r-cran-recipes pandoc libpython3-dev qpdf)

missing_in_r() {
    command -v Rscript >/dev/null || { echo R; return; }
    Rscript -e "cat(setdiff(strsplit('$NEEDED', ' ')[[1]], rownames(installed.packages())))"
}

skip() { printf '%s\n' "$*" > "$reason"; say "R tests will be skipped: $*"; exit 0; }

if [ -n "$(missing_in_r)" ] || ! command -v qpdf >/dev/null; then apt_get_install "${DEBIAN[@]}" || true; fi
missing=$(missing_in_r)
if [ -n "$missing" ]; then
    skip "not found: $missing (Debian, Ubuntu: sudo apt-get install ${DEBIAN[*]})"
fi

mkdir -p "$venv/R-library"
log=$(R CMD INSTALL --library="$venv/R-library" r-wrapper 2>&1) || { say "$log"; exit 1; }
"$venv/bin/python" -c 'import tomllib
print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["r"], sep="\n")' |
    "$venv/bin/python" -m pip --disable-pip-version-check install --quiet -r /dev/stdin
touch "$venv/.r"
