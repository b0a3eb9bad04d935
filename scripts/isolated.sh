#!/usr/bin/env bash
# Runs a command that starts Terraform or OpenTofu, without the settings and credentials of the user:
#   isolated.sh CACHE_DIR CLI COMMAND...
#
# Tests and generated files must be the same on every machine, and must never reach a real workspace.
set -euo pipefail

cache=$1 cli=$2
shift 2

# Environment variables of servers, credentials, and profiles, and those that change the behavior of the CLI.
while IFS= read -r name; do
  case $name in
    DATABRICKS_* | MLFLOW_* | ARM_* | GOOGLE_* | TF_CLI_ARGS* | TF_VAR_* | TF_WORKSPACE | TF_DATA_DIR | TF_REATTACH_PROVIDERS)
      unset "$name"
      ;;
  esac
done < <(compgen -e)

# With another HOME, profiles and credentials in the home folder (~/.databrickscfg, ~/.mlflow) are not found. Go uses the same folders as
# before.
GOENV=$(go env GOENV) GOPATH=$(go env GOPATH) GOCACHE=$(go env GOCACHE) GOMODCACHE=$(go env GOMODCACHE)
export GOENV GOPATH GOCACHE GOMODCACHE
export HOME=$cache/home
mkdir -p "$HOME"

# The file must exist: with a warning about a missing file, the version of the CLI cannot be parsed.
export TF_CLI_CONFIG_FILE=$cache/neutral.tfrc
echo 'disable_checkpoint = true' >"$TF_CLI_CONFIG_FILE"
export CHECKPOINT_DISABLE=1 TF_IN_AUTOMATION=1

# The acceptance tests need the path of the CLI, and with OpenTofu, its default registry.
export TF_ACC_TERRAFORM_PATH=$cli
if "$cli" version | grep '^OpenTofu' >/dev/null; then
  export TF_ACC_PROVIDER_HOST=registry.opentofu.org TF_ACC_PROVIDER_NAMESPACE=hashicorp
fi

exec "$@"
