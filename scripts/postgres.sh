#!/usr/bin/env bash
# Runs a command while a PostgreSQL server for MLflow is running:
#   postgres.sh FOLDER VERSION COMMAND...
#
# FOLDER and VERSION specify an installation of MLflow (see mlflow-servers.sh), into which the driver for PostgreSQL is installed.
# TEST_POSTGRES is set to the folder of the server's socket. The server has a user mlflow and two empty databases, tracking and auth, and is
# removed with all its data when COMMAND ends. If PostgreSQL is missing, it is installed with apt-get, if possible. Otherwise, TEST_POSTGRES
# is "not available: " and the reason, COMMAND runs without a server, and the last lines of the output report which tests did not run.
set -euo pipefail

mlflow=$1/$2
uv=$1/uv/bin/uv
shift 2

say() { echo "postgres: $1" >&2; }

# find_programs prints the folder of the programs of PostgreSQL. Debian has one folder per version, not on PATH.
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

# unprivileged runs a PostgreSQL command, which cannot run as root.
unprivileged() {
  if [[ $(id -u) != 0 ]]; then
    "$@"
    return
  fi
  local user=nobody
  ! id postgres >/dev/null 2>&1 || user=postgres
  setpriv --reuid="$(id -u "$user")" --regid="$(id -g "$user")" --clear-groups "$@"
}

# start starts a server with its data in $data. It listens only on a socket in that folder, and does not sync writes to disk.
start() {
  unprivileged "$programs/initdb" --pgdata="$data/data" --username=mlflow --auth=trust --encoding=UTF8 --no-locale --no-sync >/dev/null &&
    unprivileged "$programs/pg_ctl" --pgdata="$data/data" --log="$data/log" --wait --silent \
      --options="-h '' -k $data -F -c max_connections=300" start &&
    unprivileged "$programs/createdb" --host="$data" --username=mlflow tracking &&
    unprivileged "$programs/createdb" --host="$data" --username=mlflow auth
}

# stop stops the server, if it is running, and removes its data.
stop() {
  unprivileged "$programs/pg_ctl" --pgdata="$data/data" --mode=immediate --silent stop || true
  rm -rf "$data"
}

missing=
if ! programs=$(find_programs) && ! { install_programs && programs=$(find_programs); }; then
  missing='PostgreSQL is not installed and could not be installed'
elif ! has_driver && ! install_driver; then
  missing="psycopg2-binary could not be installed into $mlflow"
fi

if [[ -n $missing ]]; then
  result=0
  TEST_POSTGRES="not available: $missing" "$@" || result=$?
  cat >&2 <<TEXT
postgres: NOT RUN: the tests of MLflow on PostgreSQL. $missing.
  Install PostgreSQL with initdb on PATH (on Debian, the package postgresql), and check that Python packages can be installed. Then run
  the command again.
TEXT
  exit "$result"
fi

folder=$PWD
cd /tmp # the unprivileged user might not have access to the current folder
data=$(unprivileged mktemp -d /tmp/mlflow-postgres.XXXXXX)
# The server ends with this script, even if it is killed: the pipe to this watcher is then closed. No other process has this pipe open.
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
