#!/usr/bin/env bash
# Generates docs/ from the schema of the provider, templates/, and examples/: docs.sh generate|check CLI TFPLUGINDOCS WORK_DIR
# "check" fails if that changes a page, if a page is untracked, or if a page is invalid in the registry.
# CLI is Terraform 1.14 or newer, whose schema includes list resources and actions. TF_CLI_CONFIG_FILE specifies the installation of the
# provider.
set -euo pipefail

mode=$1 cli=$2 tfplugindocs=$3 work=$4
cd "$(dirname "$0")/.."

rm -rf "$work"
mkdir -p "$work"

# With the schema, tfplugindocs needs no CLI. Otherwise, it would look for terraform on PATH, and download it if it is missing. It looks up
# the provider in the schema by its short name.
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
  echo "docs: The schema of $("$cli" version | head -n 1) has no list resources. Use Terraform 1.14 or newer." >&2
  exit 1
}

options=(--provider-name mlflow --providers-schema "$work/schema.json")
mkdir -p docs
cp -R docs "$work/before"
"$tfplugindocs" generate "${options[@]}" >"$work/generate.log" 2>&1 || {
  cat "$work/generate.log" >&2
  exit 1
}
if [[ $mode != check ]]; then
  echo 'docs: docs/ is generated. Next: review the changes with git diff docs'
  exit
fi

if ! diff -ru "$work/before" docs; then
  echo "docs-check: docs/ was out of date and has been regenerated. Review the changes above and commit them." >&2
  exit 1
fi
untracked=$(git ls-files --others --exclude-standard -- docs)
if [[ -n $untracked ]]; then
  printf 'docs-check: These pages are untracked. Add them to git:\n%s\n' "$untracked" >&2
  exit 1
fi
"$tfplugindocs" validate "${options[@]}" >"$work/validate.log" 2>&1 || {
  cat "$work/validate.log" >&2
  exit 1
}
echo 'docs-check: docs/ is up to date, and its pages are valid'
