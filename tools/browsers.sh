#!/bin/sh
# Makes sure of what the browser tests drive, and prints one line for each thing that stays missing.
set -eu
needed=
command -v chromium >/dev/null || needed="$needed chromium"
command -v firefox-esr >/dev/null || command -v firefox >/dev/null || needed="$needed firefox-esr"
command -v dbus-daemon >/dev/null || needed="$needed dbus-daemon"
[ -z "$needed" ] && exit 0
# shellcheck disable=SC2086 - a list of words
"$(dirname "$0")/apt.sh" $needed || echo "Left out, because this user may not install Debian packages: the browser tests that need$needed."
