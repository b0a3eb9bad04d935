#!/usr/bin/env bash
# Runs a command with a PostgreSQL server for MLflow beside it:
#   postgres.sh FOLDER VERSION COMMAND...
#
# FOLDER and VERSION name an installation of MLflow (see mlflow-servers.sh), which gets the driver for PostgreSQL. COMMAND finds the folder
# of the server's socket in TEST_POSTGRES. The server has a user mlflow and two empty databases, tracking and auth, and is removed with all
# its data when COMMAND ends. Where PostgreSQL is not installed, it is installed with apt-get if that is possible. If it is not,
# TEST_POSTGRES begins with "not available: " and says why, COMMAND runs all the same, and the last lines say what did not run.
set -euo pipefail

mlflow=$1/$2
uv=$1/uv/bin/uv
shift 2

say() { echo "postgres: $1" >&2; }

# find_programs prints the folder of PostgreSQL's programs. Debian has one for each version, not on PATH.
find_programs() {
  local found folder
  for found in $(find /usr/lib/postgresql -path '*/bin/initdb' 2>/dev/null | sort --version-sort --reverse) $(command -v initdb); do
    folder=$(dirname "$(readlink -f "$found")")
    if [[ -x $folder/postgres && -x $folder/pg_ctl && -x $folder/createdb ]]; then
      echo "$folder"
      return
    fi
  done
  return 1
}

install_programs() {
  if [[ $(id -u) != 0 ]] || ! command -v apt-get >/dev/null; then
    return 1
  fi
  say 'installing postgresql with apt-get'
  { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends postgresql; } >&2
}

has_driver() { "$mlflow/bin/python" -c 'import psycopg2' 2>/dev/null; }

install_driver() {
  say "installing psycopg2-binary into $mlflow"
  VIRTUAL_ENV=$mlflow "$uv" pip install --quiet 'psycopg2-binary<3' >&2
}

# unprivileged runs a command of PostgreSQL, which refuses to run as root.
unprivileged() {
  if [[ $(id -u) != 0 ]]; then
    "$@"
    return
  fi
  local user=nobody
  ! id postgres >/dev/null 2>&1 || user=postgres
  setpriv --reuid="$(id -u "$user")" --regid="$(id -g "$user")" --clear-groups "$@"
}

# start starts the server of the folder $data. It listens on a socket in that folder only, and survives no crash of the machine.
start() {
  unprivileged "$programs/initdb" --pgdata="$data/data" --username=mlflow --auth=trust --encoding=UTF8 --no-locale --no-sync >/dev/null &&
    unprivileged "$programs/pg_ctl" --pgdata="$data/data" --log="$data/log" --wait --silent \
      --options="-h '' -k $data -F -c max_connections=300" start &&
    unprivileged "$programs/createdb" --host="$data" --username=mlflow tracking &&
    unprivileged "$programs/createdb" --host="$data" --username=mlflow auth
}

# stop ends the server, if it was started, and removes its data.
stop() {
  unprivileged "$programs/pg_ctl" --pgdata="$data/data" --mode=immediate --silent stop || true
  rm -rf "$data"
}

missing=
if ! programs=$(find_programs) && ! { install_programs && programs=$(find_programs); }; then
  missing='PostgreSQL is not installed, and could not be installed'
elif ! has_driver && ! install_driver; then
  missing="psycopg2-binary could not be installed into $mlflow"
fi

if [[ -n $missing ]]; then
  result=0
  TEST_POSTGRES="not available: $missing" "$@" || result=$?
  cat >&2 <<TEXT
postgres: NOT RUN: the tests of MLflow on PostgreSQL. $missing.
  Install Debian's postgresql, or PostgreSQL so that initdb is on PATH. Check that Python packages can be installed. Then run the command
  again.
TEXT
  exit "$result"
fi

folder=$PWD
cd /tmp # the unprivileged user may not see the current folder
data=$(unprivileged mktemp -d /tmp/mlflow-postgres.XXXXXX)
# The server ends with this script, however that ends: the pipe to this watcher closes then. Nothing else that this script starts has it.
exec 3> >(
  trap '' INT TERM HUP
  cat >/dev/null
  stop
)
watcher=$!
result=0
if ! (start 3>&-); then
  say 'could not start PostgreSQL'
  [[ ! -f $data/log ]] || cat "$data/log" >&2
  result=1
else
  (cd "$folder" && TEST_POSTGRES=$data exec "$@" 3>&-) || result=$?
fi
exec 3>&-
wait "$watcher" || true
exit "$result"
