#!/usr/bin/env bash
# Prints the absolute path of the CLI that tests, docs and the demo run:
#   cli.sh any PINNED   terraform on PATH, else tofu on PATH, else PINNED, an OpenTofu that is built now if it is missing or old
#   cli.sh tofu PINNED  the same without terraform
# Only the path goes to stdout; everything said to people goes to stderr.
set -euo pipefail

wanted=$1 pinned=$2

if [[ $wanted == any ]] && command -v terraform; then
  exit
fi
if command -v tofu; then
  exit
fi
scripts=$(dirname "$0")
if [[ ! $pinned -nt $scripts/../tools/opentofu/go.mod ]]; then
  "$scripts/build-tofu.sh" "$pinned"
fi
echo "$pinned"
