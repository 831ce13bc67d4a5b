# Sourced by the set-up scripts: installing what is missing through apt.

say() { printf '%s\n' "$*" >&2; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"
    elif [ -t 0 ]; then sudo "$@"
    else sudo -n "$@"; fi
}

apt_get_install() {  # packages; fails where there is no apt, neither root nor sudo, or no such package
    if ! command -v apt-get >/dev/null; then return 1; fi
    if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
        say "Neither root nor sudo, so apt-get cannot be used."
        return 1
    fi
    say "Installing with apt-get: $*"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >/dev/null
}
