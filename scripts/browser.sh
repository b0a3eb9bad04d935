#!/usr/bin/env bash
# Prints the absolute path of a Chromium or Chrome, for `make test-browser`. Where there is none, it is installed with apt-get if that
# is possible. Only the path goes to stdout; everything said to people goes to stderr.
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
browser: There is no Chromium, and it could not be installed, so the review page was NOT looked at in a browser.
  Install chromium or google-chrome so that it is on PATH, then run the command again.
TEXT
exit 1
