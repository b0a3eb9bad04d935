#!/usr/bin/env bash
# Checks the release that goreleaser built into dist/ as a registry, and those who install from it, will find it:
#   verify-release.sh CLI GORELEASER WORK_DIR
#
# The first thing that is wrong ends it with exit code 1. CLI is the terraform or tofu that installs the provider from the archives.
set -euo pipefail
cd "$(dirname "$0")/.."

cli=$1 goreleaser=$2 work=$3
project=terraform-provider-mlflow

# Written down here once more, so that a system that is dropped by mistake is noticed.
systems=(
  darwin_amd64 darwin_arm64
  freebsd_386 freebsd_amd64 freebsd_arm freebsd_arm64
  linux_386 linux_amd64 linux_arm linux_arm64
  windows_386 windows_amd64 windows_arm64
)

fail() { # fail WHAT [FILE]: FILE is what shows why
  echo "verify-release: $1" >&2
  [[ -z ${2:-} ]] || tail -n 30 "$2" >&2
  exit 1
}
passed() { printf '  ✓ %s\n' "$1"; }

# same WHAT WANTED FOUND: compares two lists of lines, in any order.
same() {
  diff <(sort <<<"$2") <(sort <<<"$3") >"$work/difference.txt" || fail "$1 (< wanted, > found)" "$work/difference.txt"
}

command -v unzip >/dev/null || fail 'unzip is not on PATH; install it, then run the command again'
if command -v sha256sum >/dev/null; then sha256=(sha256sum); else sha256=(shasum -a 256); fi # macOS has the latter

server=''
cleanup() { [[ -z $server ]] || kill "$server" 2>/dev/null || true; }
trap cleanup EXIT

rm -rf "$work"
mkdir -p "$work/release"
version=$(sed -n 's/.*"version":"\([^"]*\)".*/\1/p' dist/metadata.json)
[[ -n $version ]] || fail 'dist/metadata.json names no version' dist/metadata.json
name=${project}_$version
echo "Checking release $version in dist/"

# What is published: the archives, their checksums, and the manifest under its name in the release.
cp dist/*.zip dist/*_SHA256SUMS "$work/release"
cp terraform-registry-manifest.json "$work/release/${name}_manifest.json"

check_names() {
  same 'the release has other files than the registry wants' \
    "$(printf "${name}_%s.zip\n" "${systems[@]}"; echo "${name}_manifest.json"; echo "${name}_SHA256SUMS")" \
    "$(ls "$work/release")"
  passed "names: ${#systems[@]} archives, checksums, manifest"
}

check_sums() {
  (cd "$work/release" && "${sha256[@]}" --check --strict --quiet "${name}_SHA256SUMS") >"$work/sums.txt" 2>&1 || fail 'a checksum is wrong' "$work/sums.txt"
  same 'the checksums do not cover the archives and the manifest' \
    "$(cd "$work/release" && ls -- *.zip *_manifest.json)" "$(awk '{ print $2 }' "$work/release/${name}_SHA256SUMS")"
  [[ $(tr -d ' \n' <terraform-registry-manifest.json) == '{"version":1,"metadata":{"protocol_versions":["6.0"]}}' ]] ||
    fail 'the manifest does not say protocol 6.0' terraform-registry-manifest.json
  passed 'checksums: right, of every archive and of the manifest, which says protocol 6.0'
}

# check_archive SYSTEM: what is in it, and whether the program is one for that system.
check_archive() {
  local archive=$work/release/${name}_$1.zip program=${project}_v$version folder=$work/archive text settings
  [[ $1 != windows_* ]] || program+=.exe
  same "the archive for $1 holds other files than it should" "$(printf '%s\n' CHANGELOG.md LICENSE README.md "$program")" "$(unzip -Z1 "$archive")"
  rm -rf "$folder"
  unzip -q "$archive" -d "$folder"
  for text in CHANGELOG.md LICENSE README.md; do
    cmp "$text" "$folder/$text" || fail "the archive for $1 has another $text"
  done
  [[ -x $folder/$program ]] || fail "the program for $1 is not executable"
  settings=$(go version -m "$folder/$program" | awk '$1 == "build" { print $2 }')
  for text in "GOOS=${1%_*}" "GOARCH=${1#*_}" CGO_ENABLED=0 -trimpath=true; do
    grep -qx -- "$text" <<<"$settings" || fail "the program for $1 was not built with $text"
  done
}

check_archives() {
  local system
  for system in "${systems[@]}"; do check_archive "$system"; done
  passed "archives: each holds ${project}_v$version for its system, LICENSE, README and CHANGELOG"
}

# A CLI takes the archives from a mirror and from nowhere else, and the provider it starts calls a server, which notes who called.
check_installation() {
  local mirror=$work/mirror/registry.terraform.io/mlflow-terraform/mlflow try url=''
  mkdir -p "$mirror" "$work/configuration"
  ln "$work/release/"*.zip "$mirror"
  export TF_CLI_CONFIG_FILE=$work/cli.tfrc
  printf 'disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n    path = "%s"\n  }\n}\n' "$work/mirror" >"$TF_CLI_CONFIG_FILE"
  cat >"$work/configuration/main.tf" <<TF
terraform {
  required_providers {
    mlflow = {
      source  = "registry.terraform.io/mlflow-terraform/mlflow"
      version = "$version"
    }
  }
}

data "mlflow_current_user" "me" {}
TF
  run_cli() { "$cli" -chdir="$work/configuration" "$@" -no-color >"$work/cli.txt" 2>&1 || fail "\"$(basename "$cli") $*\" failed" "$work/cli.txt"; }
  run_cli init -input=false
  run_cli providers schema -json
  for try in mlflow_experiment mlflow_permission_review; do
    grep -q "\"$try\"" "$work/cli.txt" || fail "the schema has no $try"
  done

  go build -o "$work/local-workspace" ./internal/cmd/local-workspace
  : >"$work/server.txt"
  "$work/local-workspace" -addr 127.0.0.1:0 -journal "$work/journal.txt" >"$work/server.txt" 2>&1 &
  server=$!
  for try in {1..100}; do
    url=$(awk 'NR == 1 { print $NF }' "$work/server.txt")
    [[ -z $url ]] || break
    sleep 0.1
  done
  [[ $url == http://* ]] || fail 'the local workspace did not start' "$work/server.txt"
  export DATABRICKS_HOST=$url DATABRICKS_TOKEN=admin-token
  run_cli plan -input=false
  grep -q "\"terraform-provider-mlflow/$version " "$work/journal.txt" || fail "the provider does not call itself version $version" "$work/journal.txt"
  passed "installation: $("$cli" version | head -n 1) installs it from the archives; it calls a server, as version $version"
}

# The second build runs where everything is different that must not matter: folder, times, time zone, modes. What it compiles comes from Go's
# build cache where Go takes the result for the same, so this machine's program is built once more with an empty one.
check_second_build() {
  local again=$work/again system
  system=$(go env GOOS)_$(go env GOARCH)
  if [[ -n $(git status --porcelain) ]]; then
    echo '  - second build: LEFT OUT, since there are changes that are not committed. Commit them, then run the command again.'
    return
  fi
  export TZ=Pacific/Chatham
  umask 077
  git clone --quiet --no-checkout . "$again" 2>"$work/clone.txt" || fail 'could not clone the repository' "$work/clone.txt"
  git -C "$again" checkout --quiet --detach "$(git rev-parse HEAD)"
  (cd "$again" && "$goreleaser" release --snapshot --skip=sign,publish) >"$work/again.txt" 2>&1 || fail 'the second build failed' "$work/again.txt"
  same 'a second build, from a clone in another folder, gave other bytes' "$(<"dist/${name}_SHA256SUMS")" "$(<"$again/dist/${name}_SHA256SUMS")"
  (cd "$again" && GOCACHE="$work/go-cache" "$goreleaser" build --snapshot --clean --single-target --output "$work/program") >"$work/again.txt" 2>&1 ||
    fail 'the build with an empty cache failed' "$work/again.txt"
  rm -rf "$work/go-cache"
  unzip -p "$work/release/${name}_$system.zip" "${project}_v$version*" | cmp - "$work/program" ||
    fail "a build for $system with an empty cache gave other bytes"
  passed "second build: the same bytes from a clone in another folder; the program for $system also with an empty build cache"
}

check_names
check_sums
check_archives
check_installation
check_second_build
