#!/usr/bin/env bash
# Builds the OpenTofu that tools/opentofu/go.mod pins, from the Go module proxy: build-tofu.sh TARGET
set -euo pipefail

scripts=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$(dirname "$1")"
target=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
cd "$scripts/../tools/opentofu"

version=$(awk '$1 == "github.com/opentofu/opentofu" { print $2 }' go.mod)
echo "opentofu: building OpenTofu $version; the first time, this takes about 6 minutes on two cores" >&2

# version.dev=no makes the program report itself as a release, and not as X.Y.Z-dev.
CGO_ENABLED=0 "$scripts/go-build.sh" opentofu "$target" \
  -ldflags '-s -w -X github.com/opentofu/opentofu/version.dev=no' github.com/opentofu/opentofu/cmd/tofu || {
  echo 'opentofu: Or install terraform or tofu and put it on PATH.' >&2
  exit 1
}
touch "$target" # cli.sh compares its time with that of go.mod
