#!/usr/bin/env bash
# check_r.sh VENV: whether the vignettes are what their sources give, and R CMD check --as-cran (nothing remote) of the R package, with the
# core, its tests included, and without it. One warning, note or skipped test is a failure.
set -euo pipefail
venv=$1
source "$(dirname "$0")/apt.sh"
cd "$(dirname "$0")/.."

if [ ! -e "$venv/.r" ]; then
    say "R tests were skipped: $(cat "$venv/r-skipped.txt")"
    if [ "${CI:-}" = true ]; then exit 1; fi
    exit 0
fi

export R_LIBS=$PWD/$venv/R-library NOT_CRAN=true
export _R_CHECK_CRAN_INCOMING_=false _R_CHECK_SYSTEM_CLOCK_=false  # no network
python=$PWD/$venv/bin/python
RETICULATE_PYTHON=$python Rscript tools/vignettes.R check

rm -rf build/r
mkdir -p build/r/with build/r/without
wrapper=$PWD/r-wrapper
cd build/r
RETICULATE_PYTHON=/nonexistent R CMD build "$wrapper" >build.log 2>&1 || { cat build.log; exit 1; }

check() {  # folder, Python, options
    RETICULATE_PYTHON=$2 R CMD check --as-cran --no-manual "${@:3}" --output="$1" sparsekin_*.tar.gz >"$1/check.log" 2>&1 || true
    tests=$(grep -ho '\[ FAIL.*' "$1"/sparsekin.Rcheck/tests/testthat.Rout* 2>/dev/null | tail -1) || true  # none were run
    say "R CMD check --as-cran, $1 the core: $(grep '^Status' "$1/check.log"), tests: ${tests:-not run}"
    if ! grep -q '^Status: OK' "$1/check.log" || { [ "$1" = with ] && ! grep -q 'FAIL 0 | WARN 0 | SKIP 0 ' <<<"$tests"; }; then
        cat "$1/check.log" "$1"/sparsekin.Rcheck/tests/testthat.Rout* >&2 || true
        exit 1
    fi
}
check with "$python"
check without /nonexistent --no-tests  # most need the core
