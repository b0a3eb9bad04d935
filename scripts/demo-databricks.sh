# shellcheck shell=bash disable=SC2034,SC2154 # demo.sh reads this file, uses what it sets, and sets what it uses
# The part of the demo that is about Databricks: the local workspace, which has Ana, Ben and some groups from the start.

what_it_is='a small workspace in memory that answers as Databricks does'
how_to_look=''
about_the_review='Workspace admins hold CAN_MANAGE everywhere and are left out.'
taken_tag='emptied' # Databricks has no call that removes a tag
taken_tag_line='~ "environment" .*-> "dev"'
to_add=1 # only the deleted experiment: it inherits the grants on its folder and needs no list
deleted_where=': it is in the Trash now'
planned_for_deleted='which will be created anew; a warning says how to get it back with its runs instead'
stage_of_deleted=deleted
about_the_deleted='The deleted pricing/training is still in the Trash, and can be restored with its runs.'
what_next='  make demo BACKEND=mlflow                the same on a real MLflow server
  go run ./internal/cmd/local-workspace   the same workspace, for your own configurations'
level_read=CAN_READ

# as WHO ARGUMENTS...: curl, as ana or admin.
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

# patch_grants WHO OBJECT FIELD PRINCIPAL LEVEL: ana or admin grants a level on an experiment or a folder.
patch_grants() {
  by_hand "$1" PATCH "2.0/permissions/$2" "{\"access_control_list\":[{\"$3\":\"$4\",\"permission_level\":\"$5\"}]}"
}
ana_grants() { patch_grants ana "experiments/$1" user_name "$2" "$3"; } # ID USER LEVEL
folder() { # PATH: the folder as the permissions API names it
  api admin GET "2.0/workspace/get-status?path=$1" | sed 's/.*"object_id":\([0-9]*\).*/directories\/\1/'
}

change_permissions() {
  patch_grants ana "$(folder /Projects/demand)" user_name ben@example.com CAN_MANAGE
  note '- folder demand        Ben gets CAN_MANAGE on it, and so on all experiments in it'
  patch_grants ana "$(folder /Projects/pricing)" group_name data-science CAN_READ
  note '- folder pricing       the group data-science is lowered to CAN_READ'
  patch_grants admin "experiments/$(id_of credit/scoring)" group_name ml-platform CAN_EDIT
  note '- credit/scoring       an admin raises the group ml-platform to CAN_EDIT'
}
find_permissions() {
  finds 'mlflow_folder_permissions.this["demand"]' '- "ben@example.com" *= "CAN_MANAGE"' 'a grant on a folder that is not declared'
  finds 'mlflow_folder_permissions.this["pricing"]' '~ "data-science" *= "CAN_READ" -> "CAN_EDIT"' 'a lowered level on a folder'
  finds 'mlflow_experiment_permissions.this["credit/scoring"]' '~ "ml-platform" *= "CAN_EDIT" -> "CAN_READ"' 'a raised level on an experiment'
}
check_grants_revoked() {
  api admin GET "2.0/permissions/$(folder /Projects/demand)" >"$work/answer.txt"
  ! grep -q '"group_name":"data-science"' "$work/answer.txt" || fail 'destroy left grants on a folder' "$work/answer.txt"
  checked 'The folders remain, without the grants.'
}
grants_of() { api admin GET "2.0/permissions/experiments/$1"; } # ID
ana_takes_tag() { ana_tags "$1" "$2" ''; } # EXPERIMENT KEY
requests_made() { wc -l <"$work/journal.txt" | tr -d ' '; }
