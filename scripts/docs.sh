#!/usr/bin/env bash
# Writes docs/ from the provider's schema, templates/ and examples/: docs.sh generate|check CLI TFPLUGINDOCS WORK_DIR
# "check" fails if that changed anything, if a page is not known to git, or if the registry would not take a page.
# CLI is Terraform 1.14 or newer, whose schema includes list resources and actions. TF_CLI_CONFIG_FILE leads it to an installed build of
# the provider.
set -euo pipefail

mode=$1 cli=$2 tfplugindocs=$3 work=$4
cd "$(dirname "$0")/.."

rm -rf "$work"
mkdir -p "$work"

# Left alone, tfplugindocs looks for a program named terraform and downloads one if there is none. Handed the
# schema, it needs no CLI. It finds the provider in there under its short name.
cat >"$work/main.tf" <<'TF'
terraform {
  required_providers {
    mlflow = {
      source = "registry.terraform.io/mlflow-terraform/mlflow"
    }
  }
}
TF
"$cli" -chdir="$work" init -input=false -no-color >"$work/init.log" || {
  cat "$work/init.log" >&2
  exit 1
}
"$cli" -chdir="$work" providers schema -json |
  sed -e 's|"registry.terraform.io/mlflow-terraform/mlflow"|"mlflow"|' >"$work/schema.json"
grep -q '"list_resource_schemas"' "$work/schema.json" || {
  echo "docs: the schema of $("$cli" version | head -n 1) has no list resources, and their pages would be missing. Use Terraform 1.14 or newer." >&2
  exit 1
}

options=(--provider-name mlflow --providers-schema "$work/schema.json")
mkdir -p docs
cp -R docs "$work/before"
"$tfplugindocs" generate "${options[@]}" >"$work/generate.log" 2>&1 || {
  cat "$work/generate.log" >&2
  exit 1
}
[[ $mode == check ]] || exit 0

if ! diff -ru "$work/before" docs; then
  echo "docs-check: docs/ was out of date. It is up to date now: review the changes above and commit them." >&2
  exit 1
fi
untracked=$(git ls-files --others --exclude-standard -- docs)
if [[ -n $untracked ]]; then
  printf 'docs-check: these pages are not in git yet; add them:\n%s\n' "$untracked" >&2
  exit 1
fi
"$tfplugindocs" validate "${options[@]}" >"$work/validate.log" 2>&1 || {
  cat "$work/validate.log" >&2
  exit 1
}
