#!/usr/bin/env bash
# Run the tests of the native rooms on two other builds of the extension: one whose containers check every index
# (_GLIBCXX_ASSERTIONS), one with the address and undefined-behaviour sanitizers.
#   tools/sanitize.sh VENV [pytest arguments]
set -euo pipefail
cd "$(dirname "$0")/.."
python=$(realpath -s "$1")/bin/python
shift
export PATH="$(dirname "$python"):$PATH"
tests=("$@")
[ ${#tests[@]} -gt 0 ] || tests=(-m "not slow" tests/l0 tests/hal tests/properties)

run() { # name, compiler flags, environment of the run
    local place=build/sanitize/$1
    mkdir -p "$place/python"
    cmake -S . -B "$place/native" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_CXX_FLAGS="$2" \
        -DPython_EXECUTABLE="$python" -Dnanobind_DIR="$("$python" -c 'import nanobind; print(nanobind.cmake_dir())')" \
        >"$place/cmake.log" || { cat "$place/cmake.log"; return 1; }
    cmake --build "$place/native" >"$place/build.log" || { cat "$place/build.log"; return 1; }
    rm -rf "$place/python/sparsekin"
    cp -r python/sparsekin "$place/python/"
    mkdir -p "$place/python/sparsekin/data/files"
    cp data/* "$place/python/sparsekin/data/files/"
    rm -f "$place"/python/sparsekin/_native*.so
    cp "$place"/native/_native*.so "$place/python/sparsekin/"
    echo "== $1"
    env PYTHONPATH="$PWD/$place/python" $3 "$python" -m pytest -q -p no:cacheprovider "${tests[@]}"
}

run assertions "-O1 -D_GLIBCXX_ASSERTIONS" "OMP_NUM_THREADS=1"
# Leaks are not looked for: the interpreter never frees all of its own. The C++ library comes along, or its exceptions
# would not be seen.
run sanitizers "-O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined" \
    "OMP_NUM_THREADS=1 ASAN_OPTIONS=detect_leaks=0 LD_PRELOAD=$(gcc -print-file-name=libasan.so):$(gcc -print-file-name=libstdc++.so)"
