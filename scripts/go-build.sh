#!/usr/bin/env bash
# Runs go build in the current folder and reports its progress: go-build.sh NAME TARGET ARGUMENTS...
#
# NAME is the program in messages, and ARGUMENTS are those of go build. Compiled packages remain in Go's build cache: after an interruption,
# the next run continues there. The output of go build is in TARGET.log.
set -euo pipefail

name=$1 target=$2
log=$target.log
shift 2

say() { echo "$name: $*" >&2; }

go build -v -trimpath -o "$target.new" "$@" >"$log" 2>&1 &
build=$!
trap 'kill "$build" 2>/dev/null || true' EXIT

while kill -0 "$build" 2>/dev/null; do
  sleep 5
  downloaded=$(grep -c '^go: downloading' "$log" || true)
  compiled=$(grep -vc '^go: ' "$log" || true)
  say "${SECONDS}s: $downloaded modules downloaded, $compiled packages compiled"
done

if ! wait "$build"; then
  tail -n 20 "$log" >&2
  say "Could not build $name; the last lines of $log are above."
  say 'Check that the Go module proxy can be reached (go env GOPROXY), then run the command again.'
  exit 1
fi
mv "$target.new" "$target"
say "built $target in ${SECONDS}s"
