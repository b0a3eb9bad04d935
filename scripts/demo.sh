#!/usr/bin/env bash
# Shows what the provider does, on a tracking workspace on this machine. `make demo` runs it, with
#   CLI                 the terraform or tofu to use
#   MIRROR              the folder that the provider is installed from
#   TF_CLI_CONFIG_FILE  settings that lead the CLI there
#   CACHE_DIR           where the local workspace is built
#
# Every claim that it makes on the screen is checked, and the first one that is not true ends it with exit code 1.
set -euo pipefail
cd "$(dirname "$0")/.."

bold='' dim='' green='' yellow='' red='' plain=''
if [[ -t 1 && -z ${NO_COLOR:-} ]]; then
  bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' yellow=$'\e[33m' red=$'\e[31m' plain=$'\e[0m'
fi

work=$(mktemp -d)
bootstrap=$work/workspace-bootstrap review=$work/permission-review
cli=$(basename "$CLI")
server=''

cleanup() {
  [[ -z $server ]] || kill "$server" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT

number=0
step() { # step TITLE WHY: a numbered heading and a sentence
  number=$((number + 1))
  printf '\n%s%d. %s%s\n%s\n\n' "$bold" "$number" "$1" "$plain" "$2"
}
note() { printf '   %s\n' "$1"; }
command_line() { printf '   %s$ %s%s\n' "$dim" "$1" "$plain"; }
checked() { printf '   %s✓%s %s\n' "$green" "$plain" "$1"; }
indent() { sed '/./s/^/   /'; }

fail() { # fail WHAT [FILE]: ends the demo; FILE is what shows why
  printf '\n%sdemo: %s%s\n' "$red" "$1" "$plain" >&2
  [[ -z ${2:-} ]] || tail -n 60 "$2" >&2
  exit 1
}

# cli_in FOLDER WANTED_EXIT_CODE ARGUMENTS...: runs the CLI; what it prints goes to output.txt.
cli_in() {
  local folder=$1 wanted=$2 code=0
  shift 2
  "$CLI" -chdir="$folder" "$@" -no-color >"$work/output.txt" 2>&1 || code=$?
  [[ $code == "$wanted" ]] || fail "\"$cli $*\" ended with exit code $code, not $wanted" "$work/output.txt"
}

# api TOKEN METHOD PATH [BODY]: a plain call to the workspace; prints the answer.
api() {
  curl --silent --show-error --fail --noproxy '*' --request "$2" --header "Authorization: Bearer $1" \
    ${4:+--data "$4"} "$DATABRICKS_HOST/api/2.0/$3"
}
ana() { api user-token "$@" >"$work/answer.txt" || fail "a change by hand was refused: $2"; }
admin() { api admin-token "$@"; }
experiment() { printf 'mlflow/experiments/get?experiment_id=%s' "$1"; }
id_of() { awk -v key="$1" '$1 == key { print $2 }' "$work/ids.txt"; }

# ana_tags EXPERIMENT KEY VALUE: Ana sets a tag.
ana_tags() { ana POST mlflow/experiments/set-experiment-tag "{\"experiment_id\":\"$(id_of "$1")\",\"key\":\"$2\",\"value\":\"$3\"}"; }

# ana_grants EXPERIMENT FIELD PRINCIPAL LEVEL: Ana grants a level.
ana_grants() {
  ana PATCH "permissions/experiments/$(id_of "$1")" "{\"access_control_list\":[{\"$2\":\"$3\",\"permission_level\":\"$4\"}]}"
}

# trim keeps of a plan what changes: the heading of each object, and under it the changed lines alone. Of an object that is
# created as a whole the heading is enough, tags_all only repeats what tags shows already, and what will be retained is known after
# the apply.
trim() {
  awk '
    /^  # .* (will|must) be/ { print (seen++ ? "\n" : "") substr($0, 5); body = !/will be created/; tags = 0; next }
    /^    }/                 { body = 0 }
    !body || /~ retained / || /^  [~+-] resource / { next }
    skip                     { if (/^        }/) skip = 0; next }
    /^      [~+-] tags_all / && tags { skip = 1; next }
    /^      [~+-] tags /     { tags = 1 }
    /^ +[~+-] /              { sub(/^    /, ""); print; if (/[{]$/) open = 1; next }
    open && /^        }/     { sub(/^    /, ""); print; open = 0 }
  ' "$1"
}

paint() { # colours the lines of a trimmed plan
  sed -e "s/^\([^ ].*\)$/$bold\1$plain/" -e "s/^\( *\)~/\1$yellow~$plain/" \
    -e "s/^\( *\)+/\1$green+$plain/" -e "s/^\( *\)-/\1$red-$plain/"
}

# finds OBJECT PATTERN WHAT: the trimmed plan has a line that matches PATTERN under the heading of OBJECT.
finds() {
  awk -v object="$1 will be" 'index($0, object) == 1 { on = 1; print; next } /^[^ ]/ { on = 0 } on' "$work/trimmed.txt" >"$work/found.txt"
  grep -q -- "$2" "$work/found.txt" || fail "the plan does not show: $3" "$work/output.txt"
  checked "$3"
}

# take_review FILE: who may do what, as a table.
take_review() {
  cli_in "$review" 0 apply -auto-approve -input=false
  "$CLI" -chdir="$review" output -raw table >"$1"
  echo >>"$1"
}

cat <<TEXT
${bold}Terraform provider for MLflow experiments: a demonstration${plain}

Everything happens on this machine, with $("$CLI" version | head -n 1) and a small workspace in memory that answers as
Databricks does. Nothing is kept.
TEXT

step 'A workspace that people use' \
  'Somebody has always been there before Terraform: here Ana, with an experiment of her own that nobody asked us to manage.'

go build -o "$CACHE_DIR/bin/local-workspace" ./internal/cmd/local-workspace
"$CACHE_DIR/bin/local-workspace" -addr 127.0.0.1:0 -journal "$work/journal.txt" >"$work/workspace.txt" 2>&1 &
server=$!
for _ in {1..100}; do
  DATABRICKS_HOST=$(awk 'NR == 1 { print $NF }' "$work/workspace.txt")
  [[ -z $DATABRICKS_HOST ]] || break
  kill -0 "$server" 2>/dev/null || fail 'the local workspace did not start' "$work/workspace.txt"
  sleep 0.1
done
[[ $DATABRICKS_HOST == http://* ]] || fail 'the local workspace did not start' "$work/workspace.txt"
export DATABRICKS_HOST DATABRICKS_TOKEN=admin-token

ana POST mlflow/experiments/create '{"name":"/Users/ana@example.com/scratch","tags":[{"key":"mood","value":"curious"}]}'
scratch=$(grep -o '[0-9]\{6,\}' "$work/answer.txt")
ana PATCH "permissions/experiments/$scratch" '{"access_control_list":[{"user_name":"ben@example.com","permission_level":"CAN_READ"}]}'
admin GET "$(experiment "$scratch")" >"$work/scratch-before.txt"
admin GET "permissions/experiments/$scratch" >>"$work/scratch-before.txt"
note "Workspace:          $DATABRICKS_HOST"
note "Ana's experiment:   /Users/ana@example.com/scratch, tag mood = \"curious\", Ben may read it"

step '12 experiments in one apply' \
  'examples/workspace-bootstrap declares folders, experiments, tags and access by team; one apply makes them all.'

cp -R examples/workspace-bootstrap examples/permission-review "$work"
command_line "$cli init"
cli_in "$bootstrap" 0 init -input=false
command_line "$cli plan"
cli_in "$bootstrap" 2 plan -input=false -detailed-exitcode -out=tfplan
grep '^Plan:' "$work/output.txt" | indent
command_line "$cli apply"
cli_in "$bootstrap" 0 apply -input=false tfplan
grep '^Apply complete' "$work/output.txt" | indent
"$CLI" -chdir="$bootstrap" output -json ids | tr '{},' '\n\n\n' | awk -F'"' 'NF >= 5 { print $2, $4 }' >"$work/ids.txt"
[[ $(wc -l <"$work/ids.txt") -eq 12 ]] || fail 'there are not 12 experiments' "$work/output.txt"
command_line "$cli plan"
cli_in "$bootstrap" 0 plan -input=false -detailed-exitcode
checked 'No changes: a second plan is empty.'

step 'Who may do what?' \
  'examples/permission-review reads it back from the workspace, for somebody who has to sign it off.'

cli_in "$review" 0 init -input=false
take_review "$work/review-before.txt"
indent <"$work/review-before.txt"
echo
note 'Workspace admins hold CAN_MANAGE everywhere and are left out; "…" is a shortened application id.'

step 'Ana changes things by hand' \
  'She does not know about Terraform. Nine changes, as the UI would make them, with her own token:'

ana_tags churn/baseline team growth
note '- churn/baseline       tag team: data-science -> growth'
ana_tags churn/training environment ''
note '- churn/training       tag environment emptied (Databricks has no call that removes a tag)'
ana_tags churn/training note mine
note '- churn/training       a new tag of her own: note = mine'
ana_tags churn/monitoring mlflow.note.content 'Old, ask Ana.'
note '- churn/monitoring     another description'
ana POST mlflow/experiments/update "{\"experiment_id\":\"$(id_of demand/training)\",\"new_name\":\"/Users/ana@example.com/demand\"}"
note '- demand/training      moved to her home folder and renamed'
ana_grants demand/backtesting user_name ben@example.com CAN_MANAGE
note '- demand/backtesting   Ben gets CAN_MANAGE'
ana_grants pricing/elasticity group_name data-science CAN_READ
note '- pricing/elasticity   the group data-science is lowered to CAN_READ'
ana POST mlflow/experiments/delete "{\"experiment_id\":\"$(id_of pricing/training)\"}"
note '- pricing/training     moved to the Trash'
ana POST mlflow/experiments/set-experiment-tag "{\"experiment_id\":\"$scratch\",\"key\":\"mood\",\"value\":\"busy\"}"
admin GET "$(experiment "$scratch")" >"$work/scratch-before.txt"
admin GET "permissions/experiments/$scratch" >>"$work/scratch-before.txt"
note "- her own experiment   tag mood: curious -> busy"

step 'The plan finds what concerns us' \
  'Each change stands under the attribute that it belongs to (shortened here to the changed lines):'

command_line "$cli plan"
cli_in "$bootstrap" 2 plan -input=false -detailed-exitcode -out=tfplan
trim "$work/output.txt" >"$work/trimmed.txt"
paint <"$work/trimmed.txt" | indent
echo
this=mlflow_experiment.this access=module.team_access
finds "$this[\"churn/baseline\"]" '~ "team" *= "growth" -> "data-science"' 'a changed tag'
finds "$this[\"churn/training\"]" '~ "environment" .*-> "dev"' 'an emptied tag'
finds "$this[\"churn/monitoring\"]" '~ description .*"Old, ask Ana." -> ' 'another description'
finds "$this[\"demand/training\"]" '~ name .*-> "/Projects/demand/training"' 'a moved experiment'
finds "$access[\"demand/backtesting\"].mlflow_experiment_permissions.this" '- "ben@example.com" *= "CAN_MANAGE"' 'a grant that nobody declared'
finds "$access[\"pricing/elasticity\"].mlflow_experiment_permissions.this" '~ "data-science" *= "CAN_READ" -> "CAN_EDIT"' 'a lowered level'
grep -q 'Experiment is gone' "$work/output.txt" || fail 'the plan does not warn that an experiment is gone' "$work/output.txt"
finds "$this[\"pricing/training\"]" 'will be created' 'a deleted experiment; a warning says how to get it back with its runs instead'
grep -q '^Plan: 2 to add, 6 to change, 0 to destroy' "$work/output.txt" || fail 'the plan shows something else as well' "$work/output.txt"
! grep -q '"note"' "$work/output.txt" || fail "the plan shows Ana's own tag" "$work/output.txt"
checked "and nothing else: neither Ana's own tag nor her own experiment is any of our business"

step 'Apply repairs it' 'Only what differs is written. After that, plan has nothing more to say.'

command_line "$cli apply"
cli_in "$bootstrap" 0 apply -input=false tfplan
grep '^Apply complete' "$work/output.txt" | indent
command_line "$cli plan"
cli_in "$bootstrap" 0 plan -input=false -detailed-exitcode
checked 'No changes: the plan is empty again.'
take_review "$work/review-after.txt"
diff "$work/review-before.txt" "$work/review-after.txt" >"$work/diff.txt" || fail 'the review differs from the first one' "$work/diff.txt"
checked 'The review is word for word the first one.'
admin GET "$(experiment "$(id_of churn/training)")" >"$work/answer.txt"
grep -q '"key":"note","value":"mine"' "$work/answer.txt" || fail "Ana's own tag is gone" "$work/answer.txt"
checked "Ana's own tag on churn/training is still there."
admin GET "$(experiment "$(id_of pricing/training)")" >"$work/answer.txt"
grep -q '"lifecycle_stage":"deleted"' "$work/answer.txt" || fail 'the deleted experiment is not in the Trash' "$work/answer.txt"
checked 'The deleted pricing/training is still in the Trash, and can be restored with its runs.'

step 'Destroy takes away what was made, and nothing else' \
  "The 12 experiments go; deletion_policy = \"delete_if_empty\" would have refused for one that holds runs."

command_line "$cli destroy"
cli_in "$bootstrap" 0 destroy -input=false -auto-approve
grep '^Destroy complete' "$work/output.txt" | indent
admin POST mlflow/experiments/search '{"max_results":1000}' >"$work/answer.txt"
! grep -q '"name":"/Projects/' "$work/answer.txt" || fail 'destroy left experiments' "$work/answer.txt"
checked 'No experiment is left below /Projects.'
admin GET "$(experiment "$scratch")" >"$work/scratch-after.txt"
admin GET "permissions/experiments/$scratch" >>"$work/scratch-after.txt"
cmp -s "$work/scratch-before.txt" "$work/scratch-after.txt" || fail "Ana's experiment was touched" "$work/scratch-after.txt"
checked "Ana's experiment is as she left it: tags, permissions, time of the last change."

cat <<TEXT

${bold}What you saw${plain}, in ${SECONDS} s and $(wc -l <"$work/journal.txt" | tr -d ' ') requests: folders, experiments, tags and access from code; every change made by
hand found under its own attribute and repaired; what belongs to others left alone.

${bold}What to try next${plain}
  go run ./internal/cmd/local-workspace   the same workspace, for your own configurations
  make install                            installs the provider for terraform and tofu on this machine
  examples/, docs/                        every resource and data source, with examples that are tested
TEXT
