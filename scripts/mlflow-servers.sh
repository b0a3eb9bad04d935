#!/usr/bin/env bash
# Installs MLflow, each version into a virtual environment of its own:
#   mlflow-servers.sh FOLDER VERSION...
#
# FOLDER/VERSION/bin/mlflow is there afterwards. What is installed already is left alone and needs no network.
set -euo pipefail

folder=$1
shift
uv_version=0.13.9

give_up() {
  echo "mlflow-servers: $1" >&2
  echo "  $2" >&2
  exit 1
}

# install_uv makes FOLDER/uv: uv installs MLflow in seconds, where pip takes minutes.
install_uv() {
  python3 -m venv "$folder/uv" || give_up 'Could not make a Python virtual environment.' \
    'Install Python 3.10 or newer with its venv module (python3 and python3-venv), then run the command again.'
  "$folder/uv/bin/pip" install --quiet --disable-pip-version-check "uv==$uv_version" || offline 'uv'
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
  [[ -x $folder/uv/bin/uv ]] || install_uv
  echo "Installing MLflow $version into $environment"
  mapfile -t wanted < <(requirements "$version")
  "$folder/uv/bin/uv" venv --quiet --clear --python '>=3.10,<3.14' "$environment" || offline 'a Python for MLflow'
  VIRTUAL_ENV=$environment "$folder/uv/bin/uv" pip install --quiet "${wanted[@]}" || offline "MLflow $version"
  touch "$environment/installed"
done
