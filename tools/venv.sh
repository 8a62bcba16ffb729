#!/bin/sh
# Makes .venv in the checkout. Debian splits ensurepip off into python3-venv: a bare machine gets that package, or, where
# this user may not install it, Debian's wheel of pip unpacked into .venv.
set -eu
python=${1:-python3}
venv=${2:-.venv}
tools=$(dirname "$0")

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
    echo "Heliograph needs Python 3.11 or newer, and '$python' is not: try 'make PYTHON=/path/to/python3.11'." >&2
    exit 1
}
if "$venv/bin/python" -c 'import pip, sys; sys.exit(sys.prefix == sys.base_prefix)' 2>/dev/null; then
    exit 0
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    "$tools/apt.sh" "python$version-venv" || {
        "$python" -m venv --clear --without-pip "$venv" && "$tools/pip.sh" "$(cd "$venv" && pwd)" && exit 0
        echo "Python's venv module is missing, and this user may not install it: run 'apt-get install python3-venv' as root." >&2
        exit 1
    }
fi
"$python" -m venv --clear "$venv"
