#!/usr/bin/env bash
# Prints the absolute path of the CLI for tests, docs, and the demo on stdout, and messages on stderr:
#   cli.sh any PINNED           terraform on PATH, otherwise tofu on PATH, otherwise PINNED, an OpenTofu, built if it is missing or old
#   cli.sh tofu PINNED          the same, but never terraform
#   cli.sh next PINNED VERSION  terraform on PATH if it is VERSION or newer, otherwise PINNED, that Terraform, built if it is missing
set -euo pipefail

wanted=$1 pinned=$2
scripts=$(dirname "$0")

# at_least VERSION: succeeds if the minor version of terraform on PATH is that of VERSION, for example v1.16.1, or newer.
at_least() {
  local found
  found=$(CHECKPOINT_DISABLE=1 terraform version 2>/dev/null | sed -n 's/^Terraform v1\.\([0-9]*\)\..*/\1/p')
  [[ -n $found && $found -ge $(cut -d . -f 2 <<<"$1") ]]
}

if [[ $wanted == next ]]; then
  if at_least "$3"; then
    command -v terraform
    exit
  fi
  [[ -x $pinned ]] || "$scripts/build-terraform.sh" "$3" "$pinned"
  echo "$pinned"
  exit
fi
if [[ $wanted == any ]] && command -v terraform; then
  exit
fi
if command -v tofu; then
  exit
fi
if [[ ! $pinned -nt $scripts/../tools/opentofu/go.mod ]]; then
  "$scripts/build-tofu.sh" "$pinned"
fi
echo "$pinned"
