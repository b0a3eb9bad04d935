#!/usr/bin/env bash
# Fails if the code calls something with a known vulnerability: vulncheck.sh GOVULNCHECK
#
# The vulnerabilities come from https://vuln.go.dev, or from the copy that GOVULNDB names (file:// too). Not every machine that builds can
# reach either. Then nothing is checked, and the last lines say so; that is no failure, unless VULNCHECK=require.
set -euo pipefail

govulncheck=$1
database=${GOVULNDB:-https://vuln.go.dev}
cd "$(dirname "$0")/.."

# Asked for its version, govulncheck also asks the database for its date, and leaves that line out if it gets none. So this is a look at the
# database, by the way that the check will take; whatever goes wrong after it is a failure.
if ! "$govulncheck" -db "$database" -version 2>/dev/null | grep '^DB updated:' >/dev/null; then
  cat >&2 <<TEXT
vulncheck: NOT CHECKED for known vulnerabilities: there is no answer from the database, $database
  Check where there is one, or with a copy of the database in a folder: GOVULNDB=file:///FOLDER make vulncheck
TEXT
  [[ ${VULNCHECK:-} != require ]] || exit 1
  exit 0
fi

"$govulncheck" -db "$database" ./...
