#!/usr/bin/env bash
# coverage.sh VENV [PYTEST OPTIONS]: the tests with coverage, to build/coverage.json; every public function must have been executed.
set -euo pipefail
venv=$1
shift
cd "$(dirname "$0")/.."
export R_LIBS="$PWD/$venv/R-library"
mkdir -p build
"$venv/bin/python" -m pytest -q -m "not slow" -n auto --maxprocesses 4 --dist loadfile \
    --cov=sparsekin --cov-report= --cov-report=json:build/coverage.json "$@"
"$venv/bin/python" tools/executed.py build/coverage.json
