#!/usr/bin/env bash
# Installs the Python packages of a requirements file into a virtual environment:
#   python-clients.sh UV_FOLDER FOLDER REQUIREMENTS
#
# FOLDER/bin/python runs with these packages. If they are already installed, no network is needed. uv is installed into UV_FOLDER.
set -euo pipefail

uv=$1/bin/uv folder=$2 requirements=$3

fail() {
  echo "python-clients: $1; the output of uv is above." >&2
  echo '  Check the network and PIP_INDEX_URL or UV_DEFAULT_INDEX, then run the command again.' >&2
  echo "  Once the packages are installed in $folder, the tests need no network." >&2
  exit 1
}

# The copy of the requirements is written last, so that an interrupted installation is repeated.
installed=$folder/requirements.txt
if cmp --quiet "$requirements" "$installed"; then
  exit
fi
"$(dirname "$0")/uv.sh" "$1"
echo "python-clients: installing the official Python clients into $folder; this takes about a minute" >&2
"$uv" venv --quiet --clear --python '>=3.10,<3.14' "$folder" || fail 'Could not create a virtual environment'
VIRTUAL_ENV=$folder "$uv" pip install --quiet --requirement "$requirements" || fail 'Could not install the Python clients'
cp "$requirements" "$installed"
