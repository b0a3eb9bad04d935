#!/usr/bin/env bash
# Installs MLflow, each version into a virtual environment of its own:
#   mlflow-servers.sh FOLDER VERSION...
#
# FOLDER/VERSION/bin/mlflow is there afterwards. What is installed already is left alone and needs no network.
set -euo pipefail

folder=$1
shift
uv=$folder/uv/bin/uv

give_up() {
  echo "mlflow-servers: $1" >&2
  echo "  $2" >&2
  exit 1
}

# requirements prints what a version needs besides itself. MLflow 2 does not run with what SQLAlchemy 2.1 changed, and does not say so.
requirements() {
  echo "mlflow[auth]==$1"
  if [[ $1 == 2.* ]]; then
    echo 'sqlalchemy<2.1'
  fi
}

offline() {
  give_up "Could not install $1 from the Python package index; what pip or uv said stands above." \
    "The tests run real MLflow servers. Check the network and PIP_INDEX_URL or UV_DEFAULT_INDEX, then run the command again; once installed in $folder, they need no network."
}

mkdir -p "$folder"
for version in "$@"; do
  environment=$folder/$version
  # The mark is made last, so that an interrupted installation is done again.
  if [[ -f $environment/installed ]]; then
    continue
  fi
  "$(dirname "$0")/uv.sh" "$folder/uv"
  echo "Installing MLflow $version into $environment"
  mapfile -t wanted < <(requirements "$version")
  "$uv" venv --quiet --clear --python '>=3.10,<3.14' "$environment" || offline 'a Python for MLflow'
  VIRTUAL_ENV=$environment "$uv" pip install --quiet "${wanted[@]}" || offline "MLflow $version"
  touch "$environment/installed"
done
