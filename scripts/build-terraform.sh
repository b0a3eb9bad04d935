#!/usr/bin/env bash
# Builds Terraform from the Go module proxy: build-terraform.sh VERSION TARGET, for example build-terraform.sh v1.16.1 bin/terraform
#
# `go install` cannot build it: its go.mod replaces modules with folders of its repository, the remote-state backends, which are not in
# the archive that the proxy serves. Therefore, the sources are copied, and the backends that are missing are removed from the copy.
# Dependencies are those of the release.
set -euo pipefail

version=$1
scripts=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$(dirname "$2")"
target=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
module=github.com/hashicorp/terraform

say() { echo "terraform: $*" >&2; }

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT

say "building Terraform $version; the first time, this takes about 5 minutes on two cores"
download=$(cd "$copy" && go mod download -json "$module@$version") || {
  echo "$download" >&2
  say "Could not download $module $version."
  say 'Check that the Go module proxy can be reached (go env GOPROXY), then run the command again.'
  exit 1
}
cp -R "$(sed -n 's/.*"Dir": "\(.*\)".*/\1/p' <<<"$download")/." "$copy"
chmod -R u+w "$copy"
cd "$copy"

# Each of these backends is a line `backendS3 "…/remote-state/s3"` among the imports and a line with backendS3.New() in the table.
backends=internal/backend/init/init.go
while read -r name path; do
  [[ -d ${path#"$module/"} ]] || sed -i.before -e "/^[[:space:]]*$name \"/d" -e "/ $name\.New(/d" "$backends"
done < <(sed -n 's|^[[:space:]]*\(backend[A-Za-z0-9]*\) "\(.*/remote-state/.*\)"$|\1 \2|p' "$backends")
sed -i.before "\|$module/internal/|d" go.mod

# version.dev=no makes the program report itself as a release, and not as X.Y.Z-dev.
CGO_ENABLED=0 GOFLAGS=-mod=readonly "$scripts/go-build.sh" terraform "$target" -buildvcs=false -ldflags "-s -w -X $module/version.dev=no" .
