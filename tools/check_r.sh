#!/usr/bin/env bash
# check_r.sh VENV: R CMD check of the R package, its tests included. One warning, note or skipped test is a failure.
# The build runs the vignettes, so the check does not run them twice more.
set -euo pipefail
venv=$1
source "$(dirname "$0")/apt.sh"
cd "$(dirname "$0")/.."

if [ ! -e "$venv/.r" ]; then
    say "R tests were skipped: $(cat "$venv/r-skipped.txt")"
    if [ "${CI:-}" = true ]; then exit 1; fi
    exit 0
fi

rm -rf build/r
mkdir -p build/r
export RETICULATE_PYTHON=$PWD/$venv/bin/python NOT_CRAN=true
wrapper=$PWD/r-wrapper
cd build/r
R CMD build "$wrapper" >build.log || { cat build.log; exit 1; }
R CMD check --no-manual --no-vignettes sparsekin_*.tar.gz >check.log 2>&1 || true
result=sparsekin.Rcheck/tests/testthat.Rout
tests=$(grep -ho '\[ FAIL.*' "$result"* 2>/dev/null | tail -1)
say "R CMD check: $(grep '^Status' check.log), tests: $tests"
if ! grep -q '^Status: OK' check.log || ! grep -q 'WARN 0 | SKIP 0' <<<"$tests"; then
    cat check.log "$result"* >&2
    exit 1
fi
