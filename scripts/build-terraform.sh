#!/usr/bin/env bash
# Builds Terraform from the Go module proxy: build-terraform.sh VERSION TARGET, for example build-terraform.sh v1.16.1 bin/terraform
#
# `go install` cannot build it: its go.mod replaces modules with folders of its repository, the remote-state backends, which are not in
# the archive that the proxy serves. Therefore, the sources are copied, and the backends that are missing are removed from the copy.
# Dependencies are those of the release. The first build takes minutes, so it reports its progress. What is compiled stays in Go's build
# cache: after an interruption, the next run continues from there.
set -euo pipefail

version=$1
mkdir -p "$(dirname "$2")"
target=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
log=$target.log
module=github.com/hashicorp/terraform

say() { echo "terraform: $*" >&2; }
source "$(dirname "$0")/go-build.sh"

copy=$(mktemp -d)
trap 'stop_build; rm -rf "$copy"' EXIT

fail() {
  say "Could not $1; the last lines of $log are above."
  say 'Check that the Go module proxy can be reached (go env GOPROXY), then run the command again.'
  exit 1
}

say "building Terraform $version; the first time, this takes about 5 minutes on two cores"
(cd "$copy" && go mod download -json "$module@$version") >"$log" 2>&1 || {
  cat "$log" >&2
  fail "download $module $version"
}
source=$(sed -n 's/.*"Dir": "\(.*\)".*/\1/p' "$log")
cp -R "$source/." "$copy"
chmod -R u+w "$copy"
cd "$copy"

# Each of these backends is a line `backendS3 "…/remote-state/s3"` among the imports and a line with backendS3.New() in the table.
backends=internal/backend/init/init.go
while read -r name path; do
  [[ -d ${path#"$module/"} ]] || sed -i.before -e "/^[[:space:]]*$name \"/d" -e "/ $name\.New(/d" "$backends"
done < <(sed -n 's|^[[:space:]]*\(backend[A-Za-z0-9]*\) "\(.*/remote-state/.*\)"$|\1 \2|p' "$backends")
sed -i.before "\|$module/internal/|d" go.mod

# version.dev=no makes the program report itself as a release, and not as X.Y.Z-dev.
GOFLAGS=-mod=readonly go_build "$log" -buildvcs=false -ldflags "-s -w -X $module/version.dev=no" -o "$target.new" . || fail "build Terraform $version"
mv "$target.new" "$target"
say "built $target in ${SECONDS}s"
