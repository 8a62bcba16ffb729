#!/bin/sh
# Writes the pinned, hashed lists from pyproject.toml and requirements/*.in. No address of an index gets into them.
set -eu
compile() {
    "${VENV:-.venv}/bin/uv" pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-emit-find-links --custom-compile-command "make requirements" --output-file "$2" "$1"
    echo "$2"
}
compile pyproject.toml requirements/runtime.txt
compile requirements/otel.in requirements/otel.txt
compile requirements/dev.in requirements/dev.txt
compile requirements/build.in requirements/build.txt
compile requirements/node.in requirements/node.txt
