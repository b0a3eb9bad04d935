# shellcheck shell=bash
# Sourced by build-terraform.sh and build-tofu.sh, which define say.

build=''
stop_build() { [[ -z $build ]] || kill "$build" 2>/dev/null || true; }
trap stop_build EXIT

# go_build LOG ARGUMENT...: runs go build without cgo, and reports its progress every few seconds. LOG gets the output; its last lines are
# printed if the build fails.
go_build() {
  local log=$1 downloaded compiled
  shift
  CGO_ENABLED=0 go build -v -trimpath "$@" >"$log" 2>&1 &
  build=$!
  while kill -0 "$build" 2>/dev/null; do
    sleep 5
    downloaded=$(grep -c '^go: downloading' "$log" || true)
    compiled=$(grep -vc '^go: ' "$log" || true)
    say "${SECONDS}s: $downloaded modules downloaded, $compiled packages compiled"
  done
  if ! wait "$build"; then
    tail -n 20 "$log" >&2
    return 1
  fi
  build=''
}
