#!/bin/sh
# Runs a command in web/ with a Node that is new enough: the machine's, else the one that comes as a Python package.
set -eu
venv=$(cd "${VENV:-.venv}" && pwd)
least=20

usable() {
    command -v npm >/dev/null && node -e "process.exit(parseInt(process.versions.node) >= $least ? 0 : 1)" 2>/dev/null
}
if ! usable; then
    PATH="$venv/bin:$PATH"
    export PATH
    usable || {
        echo "· Node (as a Python package; this machine has none that is $least or newer)" >&2
        "$venv/bin/python" -m pip install -q --disable-pip-version-check --require-hashes -r requirements/node.txt
    }
fi
cd web
exec "$@"
