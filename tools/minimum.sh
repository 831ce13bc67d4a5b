#!/usr/bin/env bash
# minimum.sh VENV [PYTEST OPTIONS]: part of the tests with the least versions that pyproject.toml allows, in build/minimum. The
# package is the one that VENV has. Least versions are of the oldest Python: later ones have no wheels of them. That they
# call what newer packages below them deprecate, or say what of them is old, is no fault of ours.
set -euo pipefail
venv=$1
shift
cd "$(dirname "$0")/.."
there=build/minimum
mkdir -p build
"$venv/bin/python" tools/minimum.py >build/minimum.txt
if ! cmp -s build/minimum.txt "$there/minimum.txt"; then
    rm -rf "$there"
    "$venv/bin/python" -m venv "$there"
    "$there/bin/python" -m pip --disable-pip-version-check install --quiet --only-binary :all: -r build/minimum.txt
    cp build/minimum.txt "$there/minimum.txt"
fi
site() { "$1/bin/python" -c 'import sysconfig; print(sysconfig.get_path("platlib"))'; }
rm -rf "$(site "$there")/sparsekin"
cp -r "$(site "$venv")/sparsekin" "$(site "$there")/sparsekin"
"$there/bin/python" -m pytest -q -n auto --maxprocesses 4 --dist loadfile -m "not slow" \
    -W ignore::DeprecationWarning -W ignore::FutureWarning "$@"
