#!/usr/bin/env bash
# Installs uv, which installs Python packages faster than pip, into a virtual environment:
#   uv.sh FOLDER
#
# The program is FOLDER/bin/uv. If it is already installed, nothing is changed.
set -euo pipefail

folder=$1
version=0.13.9

fail() {
  echo "uv: $1" >&2
  echo "  $2" >&2
  exit 1
}

[[ -x $folder/bin/uv ]] && exit
python3 -m venv "$folder" || fail 'Could not create a Python virtual environment.' \
  'Install Python 3.10 or newer with its venv module (python3 and python3-venv), then run the command again.'
"$folder/bin/pip" install --quiet --disable-pip-version-check "uv==$version" ||
  fail 'Could not install uv from the Python package index; the output of pip is above.' \
    'Check the network and PIP_INDEX_URL, then run the command again.'
