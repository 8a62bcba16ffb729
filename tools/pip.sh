#!/bin/sh
# Puts pip into a virtual environment on a Debian whose user may install nothing: Debian's own wheel of pip, fetched and
# checked by apt in a folder of the user's, and unpacked instead of installed.
set -eu
venv=$1
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
apt() {
    apt-get -q -o Dir::State::lists="$work/lists" -o Dir::Cache="$work/cache" -o Debug::NoLocking=1 "$@" >"$work/log" 2>&1
}
cd "$work"
{ apt update && apt download python3-pip-whl && dpkg-deb -x python3-pip-whl_*.deb unpacked; } || {
    tail -n 3 "$work/log" >&2
    exit 1
}
wheel=$(echo "$work"/unpacked/usr/share/python-wheels/pip-*.whl)
"$venv/bin/python" "$wheel/pip" install -q --no-index --disable-pip-version-check "$wheel"
