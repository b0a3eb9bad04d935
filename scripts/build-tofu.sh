#!/usr/bin/env bash
# Builds the OpenTofu that tools/opentofu/go.mod pins, from the Go module proxy: build-tofu.sh TARGET
#
# The first build takes minutes, so it says every few seconds how far it is. What is compiled stays in Go's
# build cache: after an interruption the next run goes on from there.
set -euo pipefail

target=$1
root=$(cd "$(dirname "$0")/.." && pwd)
log=$target.log
package=github.com/opentofu/opentofu/cmd/tofu

say() { echo "opentofu: $*" >&2; }
source "$root/scripts/go-build.sh"

mkdir -p "$(dirname "$target")"
cd "$root/tools/opentofu"

version=$(awk '$1 == "github.com/opentofu/opentofu" { print $2 }' go.mod)
say "building OpenTofu $version; the first time this takes about 6 minutes on two cores"

# version.dev=no makes the program call itself a release; otherwise it reports itself as X.Y.Z-dev.
if ! go_build "$log" -ldflags '-s -w -X github.com/opentofu/opentofu/version.dev=no' -o "$target" "$package"; then
  say "Could not build OpenTofu; the last lines of $log are above."
  say "Check that the Go module proxy can be reached (go env GOPROXY), or install terraform or tofu and put it on PATH."
  exit 1
fi
touch "$target" # cli.sh compares its time with that of go.mod
say "built $target in ${SECONDS}s"
