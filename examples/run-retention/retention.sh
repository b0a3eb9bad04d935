#!/bin/sh
# Deletes the runs that are due. Before that, writes their list to evidence/due.json, and the variables file that restores them to
# evidence/undo.tfvars.json. The output of the deletion is evidence/deletion.txt. Fails if the deletion fails.
set -eu

rm -rf evidence
mkdir evidence
retention() {
  command=$1
  shift
  terraform -chdir=run-retention "$command" -no-color "$@"
}

retention init -input=false
retention apply -input=false -auto-approve # reads only: the configuration has no resources
retention output -json due >evidence/due.json
retention output -raw undo >evidence/undo.tfvars.json

code=0
retention apply -input=false -auto-approve -invoke=action.mlflow_delete_runs.old >evidence/deletion.txt 2>&1 || code=$?
cat evidence/deletion.txt
exit "$code"
