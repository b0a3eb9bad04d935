#!/usr/bin/env bash
# Runs a command that starts Terraform or OpenTofu, cut off from the settings of the person who runs it:
#   isolated.sh CACHE_DIR CLI COMMAND...
#
# Tests and generated files must come out the same on every machine, and must never find their way to somebody's
# real workspace.
set -euo pipefail

cache=$1 cli=$2
shift 2

# Whatever names a server, a credential or an MLflow or cloud profile, and whatever changes what the CLI does.
while IFS= read -r name; do
  case $name in
    DATABRICKS_* | MLFLOW_* | ARM_* | GOOGLE_* | TF_CLI_ARGS* | TF_VAR_* | TF_WORKSPACE | TF_DATA_DIR | TF_REATTACH_PROVIDERS)
      unset "$name"
      ;;
  esac
done < <(compgen -e)

# Profiles and credentials in the home folder (~/.databrickscfg, ~/.mlflow) are out of reach with another HOME.
# Go keeps its own folders.
GOENV=$(go env GOENV) GOPATH=$(go env GOPATH) GOCACHE=$(go env GOCACHE) GOMODCACHE=$(go env GOMODCACHE)
export GOENV GOPATH GOCACHE GOMODCACHE
export HOME=$cache/home
mkdir -p "$HOME"

# The settings file has to exist: a warning about a missing one breaks the reading of the CLI's version.
export TF_CLI_CONFIG_FILE=$cache/neutral.tfrc
echo 'disable_checkpoint = true' >"$TF_CLI_CONFIG_FILE"
export CHECKPOINT_DISABLE=1 TF_IN_AUTOMATION=1

# What the acceptance tests need to find the CLI. OpenTofu has another default registry, and has to be told.
export TF_ACC_TERRAFORM_PATH=$cli
if "$cli" version | grep '^OpenTofu' >/dev/null; then
  export TF_ACC_PROVIDER_HOST=registry.opentofu.org TF_ACC_PROVIDER_NAMESPACE=hashicorp
fi

exec "$@"
