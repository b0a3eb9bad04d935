#!/usr/bin/env bash
# Signs the files of a release: sign-release.sh FOLDER SHA256
#
# FOLDER contains the files that verify-release.sh checked, and SHA256 is the checksum of their SHA256SUMS at that time: files that
# are not the checked ones are never signed. GPG_FINGERPRINT selects the key. The signature is binary, as the registries require.
set -euo pipefail

folder=$1 expected=$2
: "${GPG_FINGERPRINT:?must be the fingerprint of the signing key}"
cd "$folder"

fail() {
  echo "sign-release: $1" >&2
  exit 1
}

sums=$(echo *_SHA256SUMS)
[[ -f $sums ]] || fail "$folder must contain one SHA256SUMS file"
[[ $(sha256sum "$sums" | cut -d ' ' -f 1) == "$expected" ]] || fail "$sums is not the file that was checked"
sha256sum --check --strict --quiet "$sums" || fail 'a file is not the one that was checked'
diff <(awk '{ print $2 }' "$sums" | sort) <(ls | grep -vx "$sums") || fail "$folder contains files without a checksum (< expected, > found)"

gpg --batch --local-user "$GPG_FINGERPRINT" --output "$sums.sig" --detach-sign "$sums"
gpg --batch --verify "$sums.sig" "$sums" || fail 'the signature is not valid'
