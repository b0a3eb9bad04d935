#!/usr/bin/env bash
# Prints the absolute path of a Chromium or Chrome on stdout, and messages on stderr, for `make test-browser`. If there is none, it
# installs Chromium with apt-get, if possible.
set -euo pipefail

find_browser() {
  command -v chromium || command -v chromium-browser || command -v google-chrome
}

find_browser && exit
if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
  echo 'browser: installing chromium with apt-get' >&2
  { apt-get update && apt-get install --yes --no-install-recommends chromium; } >&2 || true
  find_browser && exit
fi
cat >&2 <<'TEXT'
browser: Chromium is not installed and could not be installed. The review page was NOT tested in a browser.
  Install chromium or google-chrome on PATH, then run the command again.
TEXT
exit 1
