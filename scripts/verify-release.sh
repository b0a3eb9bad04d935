#!/usr/bin/env bash
# Collects the files of the release that goreleaser built into dist/ in dist/release/, and checks them:
#   verify-release.sh CLI GORELEASER WORK_DIR [--snapshot]
#
# It exits with code 1 at the first fault. CLI is the terraform or tofu that installs the provider from the archives. With --snapshot,
# goreleaser was run with that option. sign-release.sh signs the checked files, and the release workflow publishes them.
set -euo pipefail
cd "$(dirname "$0")/.."

cli=$1 goreleaser=$2 work=$3 snapshot=${4:-}
project=terraform-provider-mlflow
release=$PWD/dist/release

# The platforms are listed here again, so that a platform that is removed from .goreleaser.yml by mistake is an error.
platforms=(
  darwin_amd64 darwin_arm64
  freebsd_386 freebsd_amd64 freebsd_arm freebsd_arm64
  linux_386 linux_amd64 linux_arm linux_arm64
  windows_386 windows_amd64 windows_arm64
)

fail() { # fail MESSAGE [FILE]: FILE shows the reason
  echo "verify-release: $1" >&2
  [[ -z ${2:-} ]] || tail -n 30 "$2" >&2
  exit 1
}
passed() { printf '  ✓ %s\n' "$1"; }

# same MESSAGE WANT GOT: compares two lists of lines, in any order.
same() {
  diff <(sort <<<"$2") <(sort <<<"$3") >"$work/difference.txt" || fail "$1 (< want, > got)" "$work/difference.txt"
}

command -v unzip >/dev/null || fail 'unzip is not on PATH. Install it, then run the command again.'
if command -v sha256sum >/dev/null; then sha256=(sha256sum); else sha256=(shasum -a 256); fi # macOS has the latter

server=''
cleanup() { [[ -z $server ]] || kill "$server" 2>/dev/null || true; }
trap cleanup EXIT

rm -rf "$work" "$release"
mkdir -p "$work" "$release"
version=$(sed -n 's/.*"version":"\([^"]*\)".*/\1/p' dist/metadata.json)
[[ -n $version ]] || fail 'dist/metadata.json contains no version' dist/metadata.json
name=${project}_$version
echo "Checking release $version in dist/"

# The published files: the archives, their SBOMs, the checksums, and the manifest under its name in the release.
cp dist/*.zip dist/*.sbom.json dist/*_SHA256SUMS "$release"
cp terraform-registry-manifest.json "$release/${name}_manifest.json"

check_names() {
  same 'the files of the release are not those that the registry requires' \
    "$(printf "${name}_%s\n" "${platforms[@]/%/.zip}" "${platforms[@]/%/.sbom.json}" manifest.json SHA256SUMS)" \
    "$(ls "$release")"
  passed "names: ${#platforms[@]} archives, an SBOM for each, checksums, manifest"
}

check_sums() {
  (cd "$release" && "${sha256[@]}" --check --strict --quiet "${name}_SHA256SUMS") >"$work/sums.txt" 2>&1 ||
    fail 'a checksum is wrong' "$work/sums.txt"
  same 'the checksums do not cover the archives, the SBOMs, and the manifest' \
    "$(cd "$release" && ls -- *.zip *.json)" "$(awk '{ print $2 }' "$release/${name}_SHA256SUMS")"
  [[ $(tr -d ' \n' <terraform-registry-manifest.json) == '{"version":1,"metadata":{"protocol_versions":["6.0"]}}' ]] ||
    fail 'the protocol version in the manifest is not 6.0' terraform-registry-manifest.json
  passed 'checksums: correct for every archive, every SBOM, and the manifest, whose protocol version is 6.0'
}

# check_archive PLATFORM checks the files in the archive, the build settings of the executable, and that the SBOM lists its modules.
check_archive() {
  local archive=$release/${name}_$1.zip program=${project}_v$version folder=$work/archive text settings
  [[ $1 != windows_* ]] || program+=.exe
  same "the archive for $1 has other files than expected" \
    "$(printf '%s\n' CHANGELOG.md LICENSE README.md "$program")" "$(unzip -Z1 "$archive")"
  rm -rf "$folder"
  unzip -q "$archive" -d "$folder"
  for text in CHANGELOG.md LICENSE README.md; do
    cmp "$text" "$folder/$text" || fail "$text in the archive for $1 differs from the repository"
  done
  [[ -x $folder/$program ]] || fail "the program for $1 is not executable"
  settings=$(go version -m "$folder/$program" | awk '$1 == "build" { print $2 }')
  for text in "GOOS=${1%_*}" "GOARCH=${1#*_}" CGO_ENABLED=0 -trimpath=true; do
    grep -qx -- "$text" <<<"$settings" || fail "the program for $1 was not built with $text"
  done
  same "the SBOM for $1 does not list the modules of the program" \
    "$(go version -m "$folder/$program" | awk '$1 == "dep" { print $2 "@" $3 }')" \
    "$(sbom_modules "$release/${name}_$1.sbom.json")"
}

sbom_modules() { sed -n '/"components"/,/"dependencies"/ s|.*"bom-ref": "pkg:golang/\([^?]*\)?.*|\1|p' "$1" | grep -v '^std@'; }

check_archives() {
  local platform
  for platform in "${platforms[@]}"; do check_archive "$platform"; done
  passed "archives: each contains ${project}_v$version for its platform, LICENSE, README, and CHANGELOG; its SBOM lists the modules"
}

# A CLI installs the provider from the archives only, and the provider sends requests to a server, which records their user agent.
check_installation() {
  local mirror=$work/mirror/registry.terraform.io/mlflow-terraform/mlflow try url=''
  mkdir -p "$mirror" "$work/configuration"
  ln "$release/"*.zip "$mirror"
  export TF_CLI_CONFIG_FILE=$work/cli.tfrc
  printf 'disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n    path = "%s"\n  }\n}\n' "$work/mirror" \
    >"$TF_CLI_CONFIG_FILE"
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
  run_cli() {
    "$cli" -chdir="$work/configuration" "$@" -no-color >"$work/cli.txt" 2>&1 || fail "\"$(basename "$cli") $*\" failed" "$work/cli.txt"
  }
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
  grep -q "\"terraform-provider-mlflow/$version " "$work/journal.txt" ||
    fail "the user agent of the provider does not contain version $version" "$work/journal.txt"
  passed "installation: $("$cli" version | head -n 1) installs the provider from the archives, and its requests contain version $version"
}

# The second build differs in everything that must not matter: folder, times, time zone, and file modes. Go's build cache can contain
# results of the first build, so the program for this machine is built once more with an empty cache.
check_second_build() {
  local again=$work/again platform
  platform=$(go env GOOS)_$(go env GOARCH)
  if [[ -n $(git status --porcelain) ]]; then
    echo '  - second build: SKIPPED, because there are uncommitted changes. Commit them, then run the command again.'
    skipped=' except the second build'
    return
  fi
  echo '  … second build: this takes a few minutes'
  export TZ=Pacific/Chatham
  umask 077
  git clone --quiet --no-checkout . "$again" 2>"$work/clone.txt" || fail 'could not clone the repository' "$work/clone.txt"
  git -C "$again" checkout --quiet --detach "$(git rev-parse HEAD)"
  (cd "$again" && "$goreleaser" release ${snapshot:+"$snapshot"} --skip=publish) >"$work/again.txt" 2>&1 ||
    fail 'the second build failed' "$work/again.txt"
  same 'a second build, from a clone in another folder, produced other bytes' \
    "$(<"dist/${name}_SHA256SUMS")" "$(<"$again/dist/${name}_SHA256SUMS")"
  (cd "$again" && GOCACHE="$work/go-cache" "$goreleaser" build ${snapshot:+"$snapshot"} --clean --single-target --output "$work/program") \
    >"$work/again.txt" 2>&1 || fail 'the build with an empty cache failed' "$work/again.txt"
  rm -rf "$work/go-cache"
  unzip -p "$release/${name}_$platform.zip" "${project}_v$version*" | cmp - "$work/program" ||
    fail "a build for $platform with an empty cache produced other bytes"
  passed "second build: the same bytes from a clone in another folder; the program for $platform also with an empty build cache"
}

skipped=
check_names
check_sums
check_archives
check_installation
check_second_build
echo "Release $version passed all checks$skipped. Its files are in dist/release/"
