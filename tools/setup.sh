#!/usr/bin/env bash
# setup.sh VENV: make a Python environment, after making sure of a Python >= 3.11 with venv and headers and of a
# C++ compiler. What is missing comes through apt where there is apt and root or sudo; elsewhere this says what to
# install and stops. Where nothing is missing apt is not called.
set -euo pipefail
venv=$1
source "$(dirname "$0")/apt.sh"

stop_and_ask() {  # what is missing
    say "sparsekin needs, and could not find: $*."
    case "$(uname -s)" in
        Darwin)
            say "On macOS:  xcode-select --install    (C++ compiler)"
            say "           brew install python        (or Python >= 3.11 from https://www.python.org)" ;;
        *)
            say "Debian, Ubuntu:  sudo apt-get install g++ python3 python3-venv python3-dev"
            say "Fedora:          sudo dnf install gcc-c++ python3 python3-devel"
            say "Arch:            sudo pacman -S gcc python"
            say "conda:           conda install -c conda-forge cxx-compiler 'python>=3.11'" ;;
    esac
    say "Then run make again. (make PYTHON=/path/to/python chooses an interpreter.)"
    exit 1
}

recent_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' </dev/null >/dev/null 2>&1; }
has_venv()      { "$1" -c 'import ensurepip, venv' </dev/null >/dev/null 2>&1; }
has_headers() {
    "$1" -c 'import os, sys, sysconfig
sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))' </dev/null >/dev/null 2>&1
}
has_compiler() {  # macOS ships a c++ that only offers to install one
    if [ "$(uname -s)" = Darwin ]; then xcode-select -p >/dev/null 2>&1; return; fi
    command -v "${CXX:-c++}" >/dev/null || command -v g++ >/dev/null || command -v clang++ >/dev/null
}

# The first complete interpreter, otherwise the first that is recent enough, otherwise nothing.
find_python() {
    local candidate first=
    for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 /usr/bin/python3}; do
        if ! command -v "$candidate" >/dev/null || ! recent_enough "$candidate"; then continue; fi
        if has_venv "$candidate" && has_headers "$candidate"; then command -v "$candidate"; return; fi
        first=${first:-$(command -v "$candidate")}
    done
    printf '%s' "$first"
}

apt_install() { apt_get_install "$@" || stop_and_ask "$*"; }

missing_packages() {  # of the interpreter $1, in apt's names
    local python=$1 version=3
    has_compiler || echo g++
    if [ -z "$python" ]; then echo python3 python3-venv python3-dev; return; fi
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    has_venv "$python" || echo "python$version-venv"
    has_headers "$python" || echo "python$version-dev"
}

python=$(find_python)
if [ -z "$python" ] && [ -n "${PYTHON:-}" ]; then
    say "PYTHON=$PYTHON is not a Python >= 3.11."
    exit 1
fi
missing=$(missing_packages "$python")
if [ -n "$missing" ]; then
    # shellcheck disable=SC2086  # one word per package
    apt_install $missing
    python=$(find_python)
    [ -n "$python" ] || stop_and_ask "Python >= 3.11 (apt has an older one)"
    missing=$(missing_packages "$python")
    # shellcheck disable=SC2086
    [ -z "$missing" ] || stop_and_ask $missing "for $python"
fi

# An interrupted run leaves a .venv without a working pip: start that one afresh.
if ! recent_enough "$venv/bin/python" || ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    say "Making $venv with $("$python" --version) ($python)"
    rm -rf "$venv"
    "$python" -m venv "$venv"
fi
# Debian 12's pip (23.0) has no --group.
"$venv/bin/python" -m pip --disable-pip-version-check install --quiet --upgrade 'pip>=25.1'
