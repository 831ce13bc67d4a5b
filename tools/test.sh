#!/usr/bin/env bash
# test.sh VENV [PYTEST OPTIONS]: the tests in Python and R CMD check, side by side: each alone leaves a core idle for
# minutes. Both are run to the end; the status is that of the first that failed.
set -uo pipefail
venv=$1
shift
cd "$(dirname "$0")/.."
export R_LIBS="$PWD/$venv/R-library"
mkdir -p build
trap 'kill $(jobs -p) 2>/dev/null' EXIT

bash tools/check_r.sh "$venv" >build/check_r.log 2>&1 &
r=$!

# Clusters of dask workers run by themselves: they start processes of their own.
alone=(tests/data/test_dask_columns.py tests/data/test_dask_moments.py tests/tuning/test_dask_backend.py)
"$venv/bin/python" -m pytest -q -n auto --maxprocesses 4 --dist loadfile "$@" "${alone[@]/#/--ignore=}"
together=$?
"$venv/bin/python" -m pytest -q "$@" "${alone[@]}"
apart=$?

wait $r
in_r=$?
cat build/check_r.log
for status in $together $apart $in_r; do
    [ "$status" = 0 ] || exit "$status"
done
