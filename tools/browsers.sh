#!/bin/sh
# Makes sure of what the browser tests drive. Writes 1 if all of it is there, else one line on standard error says what is not.
set -eu
needed=
command -v chromium >/dev/null || needed="$needed chromium"
command -v firefox-esr >/dev/null || command -v firefox >/dev/null || needed="$needed firefox-esr"
command -v dbus-daemon >/dev/null || needed="$needed dbus-daemon"
# The Node that drives Chromium is linked to it, and no Debian package says so.
PATH="$PATH:/sbin:/usr/sbin" ldconfig -p | grep -q 'libatomic\.so\.1' || needed="$needed libatomic1"
# shellcheck disable=SC2086 - a list of words
if [ -z "$needed" ] || "$(dirname "$0")/apt.sh" $needed; then
    echo 1
else
    echo "Left out, because this user may not install Debian packages: the browser tests that need$needed." >&2
fi
