#!/usr/bin/env bash
# Installs MLflow, each version into its own virtual environment:
#   mlflow-servers.sh FOLDER VERSION...
#
# The program of each version is FOLDER/VERSION/bin/mlflow. If a version is already installed, nothing is changed and no network is needed.
set -euo pipefail

folder=$1
shift
uv=$folder/uv/bin/uv

fail() {
  echo "mlflow-servers: $1" >&2
  echo "  $2" >&2
  exit 1
}

# requirements prints the packages of a version. MLflow 2 does not run with SQLAlchemy 2.1, but its metadata allows it.
requirements() {
  echo "mlflow[auth]==$1"
  if [[ $1 == 2.* ]]; then
    echo 'sqlalchemy<2.1'
  fi
}

offline() {
  fail "Could not install $1 from the Python package index; the output of pip or uv is above." \
    "Check the network and PIP_INDEX_URL or UV_DEFAULT_INDEX, then run the command again. Versions installed in $folder need no network."
}

mkdir -p "$folder"
for version in "$@"; do
  environment=$folder/$version
  # This file is written last, so that an interrupted installation is repeated.
  if [[ -f $environment/installed ]]; then
    continue
  fi
  "$(dirname "$0")/uv.sh" "$folder/uv"
  echo "mlflow-servers: installing MLflow $version into $environment; this takes about a minute" >&2
  mapfile -t wanted < <(requirements "$version")
  "$uv" venv --quiet --clear --python '>=3.10,<3.14' "$environment" || offline 'a Python for MLflow'
  VIRTUAL_ENV=$environment "$uv" pip install --quiet "${wanted[@]}" || offline "MLflow $version"
  touch "$environment/installed"
done
