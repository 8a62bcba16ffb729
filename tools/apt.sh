#!/bin/sh
# Installs Debian packages where that is possible without asking for a password; exits with 1, silently, where it is not.
set -eu
command -v apt-get >/dev/null || exit 1
if [ "$(id -u)" = 0 ]; then
    as_root=
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    exit 1
fi
echo "· Debian packages: $*" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install() {
    # env: sudo drops variables given before it.
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >"$log" 2>&1 </dev/null
}
# The package lists of a fresh image are missing or old.
install "$@" || { $as_root apt-get update -q >"$log" 2>&1 </dev/null && install "$@"; } || {
    tail -n 3 "$log" >&2
    exit 1
}
