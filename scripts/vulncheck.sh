#!/usr/bin/env bash
# Fails if the code calls a function with a known vulnerability: vulncheck.sh GOVULNCHECK
#
# The database is https://vuln.go.dev, or the URL in GOVULNDB, which can be a file:// URL. If it is unreachable, nothing is checked, and the
# last lines of the output report that. This is a failure only with VULNCHECK=require.
set -euo pipefail

govulncheck=$1
database=${GOVULNDB:-https://vuln.go.dev}
cd "$(dirname "$0")/.."

# With -version, govulncheck prints the date of the database, and omits that line if the database is unreachable. The check uses the same
# connection; any error after this test is a failure.
if ! "$govulncheck" -db "$database" -version 2>/dev/null | grep '^DB updated:' >/dev/null; then
  cat >&2 <<TEXT
vulncheck: NOT CHECKED for known vulnerabilities: the database $database is unreachable
  Run the check where it is reachable, or with a copy of the database: GOVULNDB=file:///FOLDER make vulncheck
TEXT
  [[ ${VULNCHECK:-} != require ]] || exit 1
  exit 0
fi

"$govulncheck" -db "$database" ./...
