# shellcheck shell=bash disable=SC2034,SC2154 # demo.sh reads this file, uses what it sets, and sets what it uses
# The part of the demo for Databricks: a local workspace with the users Ana and Ben and some groups.

server_description='an in-memory workspace that emulates Databricks'
sign_in_hint=''
review_note='Workspace admins have CAN_MANAGE on all experiments and are omitted.'
removed_tag='cleared' # Databricks has no API to delete a tag
removed_tag_line='~ "environment" .*-> "dev"'
to_add=1 # only the deleted experiment, which inherits the grants on its folder
deleted_where=' (moved to the Trash)'
planned_for_deleted='which will be created again; a warning explains how to restore it with its runs instead'
stage_of_deleted=deleted
deleted_result='The deleted pricing/training is still in the Trash and can be restored with its runs.'
next_steps='  make demo BACKEND=mlflow                run the demo on a real MLflow server
  go run ./internal/cmd/local-workspace   serve the in-memory workspace for your own configurations'
level_read=CAN_READ

# as USER ARGUMENTS...: runs curl as ana or admin.
as() {
  local token=admin-token
  [[ $1 != ana ]] || token=user-token
  shift
  curl --header "Authorization: Bearer $token" "$@"
}

start_server() {
  go build -o "$CACHE_DIR/bin/local-workspace" ./internal/cmd/local-workspace
  start "$CACHE_DIR/bin/local-workspace" -addr 127.0.0.1:0 -journal "$work/journal.txt"
  url=''
  for _ in {1..100}; do
    url=$(awk 'NR == 1 { print $NF }' "$work/server.txt")
    [[ -z $url ]] || break
    running
    sleep 0.1
  done
  [[ $url == http://* ]] || fail 'the local workspace did not start' "$work/server.txt"
  export DATABRICKS_HOST=$url DATABRICKS_TOKEN=admin-token
}

# patch_grants USER OBJECT FIELD PRINCIPAL LEVEL: ana or admin grants a level on an experiment or a folder.
patch_grants() {
  change "$1" PATCH "2.0/permissions/$2" "{\"access_control_list\":[{\"$3\":\"$4\",\"permission_level\":\"$5\"}]}"
}
ana_grants() { patch_grants ana "experiments/$1" user_name "$2" "$3"; } # ID USER LEVEL
folder() { # PATH: prints the object of the folder in the permissions API
  api admin GET "2.0/workspace/get-status?path=$1" | sed 's/.*"object_id":\([0-9]*\).*/directories\/\1/'
}

change_permissions() {
  patch_grants ana "$(folder /Projects/demand)" user_name ben@example.com CAN_MANAGE
  note '- folder demand        Ben granted CAN_MANAGE, which its experiments inherit'
  patch_grants ana "$(folder /Projects/pricing)" group_name data-science CAN_READ
  note '- folder pricing       group data-science lowered to CAN_READ'
  patch_grants admin "experiments/$(id_of credit/scoring)" group_name ml-platform CAN_EDIT
  note '- credit/scoring       group ml-platform raised to CAN_EDIT'
}
find_permissions() {
  finds 'mlflow_folder_permissions.this["demand"]' '- "ben@example.com" *= "CAN_MANAGE"' 'an undeclared grant on a folder'
  finds 'mlflow_folder_permissions.this["pricing"]' '~ "data-science" *= "CAN_READ" -> "CAN_EDIT"' 'a lowered level on a folder'
  finds 'mlflow_experiment_permissions.this["credit/scoring"]' '~ "ml-platform" *= "CAN_EDIT" -> "CAN_READ"' 'a raised level on an experiment'
}
check_grants_revoked() {
  api admin GET "2.0/permissions/$(folder /Projects/demand)" >"$work/answer.txt"
  ! grep -q '"group_name":"data-science"' "$work/answer.txt" || fail 'grants on a folder remain after destroy' "$work/answer.txt"
  checked 'The folders remain, and their grants are revoked.'
}
grants_of() { api admin GET "2.0/permissions/experiments/$1"; } # ID
ana_removes_tag() { ana_tags "$1" "$2" ''; } # EXPERIMENT KEY
requests_made() { wc -l <"$work/journal.txt" | tr -d ' '; }
