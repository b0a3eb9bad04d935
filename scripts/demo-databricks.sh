# shellcheck shell=bash disable=SC2034,SC2154 # demo.sh reads this file, uses what it sets, and sets what it uses
# The part of the demo that is about Databricks: the local workspace, which has Ana, Ben and some groups from the start.

what_it_is='a small workspace in memory that answers as Databricks does'
how_to_look=''
about_the_review='Workspace admins hold CAN_MANAGE everywhere and are left out.'
taken_tag='emptied' # Databricks has no call that removes a tag
taken_tag_line='~ "environment" .*-> "dev"'
lowered_team='the group data-science is lowered to CAN_READ'
deleted_where=': it is in the Trash now'
planned_for_deleted='which will be created anew; a warning says how to get it back with its runs instead'
stage_of_deleted=deleted
about_the_deleted='The deleted pricing/training is still in the Trash, and can be restored with its runs.'
what_next='  make demo BACKEND=mlflow                the same on a real MLflow server
  go run ./internal/cmd/local-workspace   the same workspace, for your own configurations'
level_read=CAN_READ level_manage=CAN_MANAGE

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

# patch_grants ID FIELD PRINCIPAL LEVEL: Ana grants a level.
patch_grants() {
  by_hand ana PATCH "2.0/permissions/experiments/$1" "{\"access_control_list\":[{\"$2\":\"$3\",\"permission_level\":\"$4\"}]}"
}
ana_grants() { patch_grants "$1" user_name "$2" "$3"; } # ID USER LEVEL
lower_team() { patch_grants "$1" group_name "$2" CAN_READ; } # ID TEAM
grants_of() { api admin GET "2.0/permissions/experiments/$1"; } # ID
ana_takes_tag() { ana_tags "$1" "$2" ''; } # EXPERIMENT KEY
requests_made() { wc -l <"$work/journal.txt" | tr -d ' '; }
