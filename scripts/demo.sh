#!/usr/bin/env bash
# Demonstrates the provider with a tracking server on this machine. `make demo` runs it, with
#   BACKEND             the server: databricks, an in-memory workspace that emulates Databricks, or mlflow, a real MLflow server
#   CLI                 the terraform or tofu to use
#   TF_CLI_CONFIG_FILE  the CLI configuration that installs the provider
#   CACHE_DIR           the folder where the server is built or installed
#   MLFLOW_RELEASE      the version of the MLflow server
#   KEEP                if it is not empty, the demo waits for Enter before the destroy
#
# The parts that depend on the server are in demo-databricks.sh and demo-mlflow.sh.
# Every statement on the screen is checked. The demo exits with code 1 at the first one that is not true.
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

# The server has its own process group, because it can have workers, which end with it.
cleanup() {
  [[ -z $server ]] || kill -- "-$server" 2>/dev/null || true
  [[ -z $server ]] || wait "$server" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT

number=0
step() { # step TITLE SENTENCE: prints a numbered heading and a sentence
  number=$((number + 1))
  printf '\n%s%d. %s%s\n%s\n\n' "$bold" "$number" "$1" "$plain" "$2"
}
note() { printf '   %s\n' "$1"; }
command_line() { printf '   %s$ %s%s\n' "$dim" "$1" "$plain"; }
checked() { printf '   %s✓%s %s\n' "$green" "$plain" "$1"; }
indent() { sed '/./s/^/   /'; }

fail() { # fail MESSAGE [FILE]: ends the demo; FILE shows the reason
  printf '\n%sdemo: %s%s\n' "$red" "$1" "$plain" >&2
  [[ -z ${2:-} ]] || tail -n 60 "$2" >&2
  exit 1
}

# cli_in FOLDER EXIT_CODE ARGUMENTS...: runs the CLI, which must exit with that code; its output is in output.txt.
cli_in() {
  local folder=$1 want=$2 code=0
  shift 2
  "$CLI" -chdir="$folder" "$@" -no-color >"$work/output.txt" 2>&1 || code=$?
  [[ $code == "$want" ]] || fail "\"$cli $*\" exited with code $code, not $want" "$work/output.txt"
}

# start COMMAND...: starts the server in the background; its output is in server.txt.
start() {
  set -m
  : >"$work/server.txt" # the background shell may open the file after it is first read
  "$@" >"$work/server.txt" 2>&1 &
  server=$!
  set +m
}
running() { kill -0 "$server" 2>/dev/null || fail 'the server did not start' "$work/server.txt"; }

# api USER METHOD PATH [BODY]: sends a request as admin or ana, and prints the response in one line without spaces after colons.
api() {
  as "$1" --silent --show-error --fail --noproxy '*' --request "$2" --header 'Content-Type: application/json' \
    ${4:+--data "$4"} "$url/api/$3" | tr -d '\n' | sed 's/": */":/g'
}
# change USER METHOD PATH BODY: makes a change outside Terraform.
change() { api "$@" >"$work/answer.txt" || fail "the server rejected a change outside Terraform: $3" "$work/answer.txt"; }
experiment() { printf '2.0/mlflow/experiments/get?experiment_id=%s' "$1"; }
id_of() { awk -v key="$1" '$1 == key { print $2 }' "$work/ids.txt"; }

# ana_tags EXPERIMENT KEY VALUE: Ana sets a tag.
ana_tags() {
  change ana POST 2.0/mlflow/experiments/set-experiment-tag "{\"experiment_id\":\"$(id_of "$1")\",\"key\":\"$2\",\"value\":\"$3\"}"
}

# snapshot_scratch FILE: writes Ana's experiment and its grants, as the server returns them.
snapshot_scratch() {
  { api admin GET "$(experiment "$scratch")" && grants_of "$scratch"; } >"$1"
}

# trim_plan FILE: prints the heading of each object in a plan and, under it, only the changed lines. Omitted are the attributes of an object
# that is created, tags_all where tags shows the same change, and retained, which is unknown until apply.
trim_plan() {
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

color_plan() { # colors the lines of a trimmed plan
  sed -e "s/^\([^ ].*\)$/$bold\1$plain/" -e "s/^\( *\)~/\1$yellow~$plain/" \
    -e "s/^\( *\)+/\1$green+$plain/" -e "s/^\( *\)-/\1$red-$plain/"
}

# finds OBJECT PATTERN DESCRIPTION: checks that a line under the heading of OBJECT in the trimmed plan matches PATTERN.
finds() {
  awk -v object="$1 will be" 'index($0, object) == 1 { on = 1; print; next } /^[^ ]/ { on = 0 } on' "$work/trimmed.txt" >"$work/found.txt"
  grep -q -- "$2" "$work/found.txt" || fail "the plan does not show: $3" "$work/output.txt"
  checked "$3"
}

# write_review FILE: writes the permission review as a table.
write_review() {
  cli_in "$review" 0 apply -auto-approve -input=false -var "today=$(date -u +%F)"
  "$CLI" -chdir="$review" output -raw markdown >"$1"
}

[[ $BACKEND == databricks || $BACKEND == mlflow ]] || fail "BACKEND is \"$BACKEND\"; it must be databricks or mlflow"
# shellcheck source=scripts/demo-databricks.sh
source "scripts/demo-$BACKEND.sh"

cat <<TEXT
${bold}Terraform provider for MLflow: demo${plain}

The demo runs on this machine, with $("$CLI" version | head -n 1) and $server_description.
All data is removed at the end.
TEXT

step 'Start a server' \
  'One experiment exists before Terraform is used. It belongs to Ana and is unmanaged.'

start_server
change ana POST 2.0/mlflow/experiments/create '{"name":"/Users/ana@example.com/scratch","tags":[{"key":"mood","value":"curious"}]}'
scratch=$(sed 's/.*"experiment_id":"\([0-9]*\)".*/\1/' "$work/answer.txt")
ana_grants "$scratch" ben@example.com "$level_read"
note "Server:             $url"
[[ -z $sign_in_hint ]] || note "                    $sign_in_hint"
note "Ana's experiment:   /Users/ana@example.com/scratch, tag mood = \"curious\", Ben has $level_read"

step 'Create 12 experiments in one apply' \
  'examples/workspace-bootstrap declares experiments, tags, and team permissions.'

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
[[ $(wc -l <"$work/ids.txt") -eq 12 ]] || fail 'the apply did not create 12 experiments' "$work/output.txt"
command_line "$cli plan"
cli_in "$bootstrap" 0 plan -input=false -detailed-exitcode
checked 'A second plan is empty.'

step 'Review who has access' \
  'examples/permission-review reads the permissions from the server, for an auditor.'

cli_in "$review" 0 init -input=false
write_review "$work/review-before.txt"
indent <"$work/review-before.txt"
echo
note "$review_note"
note "The same review as an HTML page: $cli output -raw html > review.html"

step 'Make changes outside Terraform' \
  'Ana and an admin make ten changes:'

ana_tags churn/baseline team growth
note '- churn/baseline       tag team: data-science -> growth'
ana_removes_tag churn/training environment
note "- churn/training       tag environment $removed_tag"
ana_tags churn/training note mine
note '- churn/training       new unmanaged tag: note = mine'
ana_tags churn/monitoring mlflow.note.content 'Old, ask Ana.'
note '- churn/monitoring     description changed'
change ana POST 2.0/mlflow/experiments/update "{\"experiment_id\":\"$(id_of demand/training)\",\"new_name\":\"/Users/ana@example.com/demand\"}"
note '- demand/training      renamed to /Users/ana@example.com/demand'
change_permissions
change ana POST 2.0/mlflow/experiments/delete "{\"experiment_id\":\"$(id_of pricing/training)\"}"
note "- pricing/training     deleted$deleted_where"
change ana POST 2.0/mlflow/experiments/set-experiment-tag "{\"experiment_id\":\"$scratch\",\"key\":\"mood\",\"value\":\"busy\"}"
snapshot_scratch "$work/scratch-before.txt"
note "- Ana's experiment     tag mood: curious -> busy"

step 'Detect drift with a plan' \
  'The plan shows each change of a managed value under its attribute. Only the changed lines are shown here:'

command_line "$cli plan"
cli_in "$bootstrap" 2 plan -input=false -detailed-exitcode -out=tfplan
trim_plan "$work/output.txt" >"$work/trimmed.txt"
color_plan <"$work/trimmed.txt" | indent
echo
this=mlflow_experiment.this
finds "${this}[\"churn/baseline\"]" '~ "team" *= "growth" -> "data-science"' 'a changed tag'
finds "${this}[\"churn/training\"]" "$removed_tag_line" "a tag that was $removed_tag"
finds "${this}[\"churn/monitoring\"]" '~ description .*"Old, ask Ana." -> ' 'a changed description'
finds "${this}[\"demand/training\"]" '~ name .*-> "/Projects/demand/training"' 'a renamed experiment'
find_permissions
grep -q 'Experiment not found, removed from state' "$work/output.txt" || fail 'the plan does not warn that an experiment was not found' "$work/output.txt"
finds "${this}[\"pricing/training\"]" 'will be created' "a deleted experiment, $planned_for_deleted"
grep -q "^Plan: $to_add to add, 7 to change, 0 to destroy" "$work/output.txt" ||
  fail 'the plan contains other changes' "$work/output.txt"
! grep -q '"note"' "$work/output.txt" || fail "the plan shows Ana's unmanaged tag" "$work/output.txt"
checked "and nothing else: Ana's tag and experiment are unmanaged"

step 'Correct the drift with an apply' 'Apply writes only the differences.'

command_line "$cli apply"
cli_in "$bootstrap" 0 apply -input=false tfplan
grep '^Apply complete' "$work/output.txt" | indent
command_line "$cli plan"
cli_in "$bootstrap" 0 plan -input=false -detailed-exitcode
checked 'The plan is empty again.'
write_review "$work/review-after.txt"
diff "$work/review-before.txt" "$work/review-after.txt" >"$work/diff.txt" || fail 'the review differs from the first one' "$work/diff.txt"
checked 'The review is identical to the first one.'
api admin GET "$(experiment "$(id_of churn/training)")" >"$work/answer.txt"
grep -q '"key":"note", *"value":"mine"' "$work/answer.txt" || fail "Ana's tag on churn/training was removed" "$work/answer.txt"
checked "Ana's tag on churn/training is unchanged."
api admin GET "$(experiment "$(id_of pricing/training)")" >"$work/answer.txt"
grep -q "\"lifecycle_stage\":\"$stage_of_deleted\"" "$work/answer.txt" ||
  fail "the lifecycle stage of the deleted experiment is not $stage_of_deleted" "$work/answer.txt"
checked "$deleted_result"

if [[ -n ${KEEP:-} ]]; then
  printf '\n   The server is running at %s. Press Enter to continue.' "$url${sign_in_hint:+ ($sign_in_hint)}"
  read -r _ || echo
fi

step 'Destroy removes only what Terraform created' \
  'The 12 experiments are empty. If one contained runs, deletion_policy = "delete_if_empty" would make the plan fail.'

command_line "$cli destroy"
cli_in "$bootstrap" 0 destroy -input=false -auto-approve
grep '^Destroy complete' "$work/output.txt" | indent
api admin POST 2.0/mlflow/experiments/search '{"max_results":1000}' >"$work/answer.txt"
! grep -q '"name":"/Projects/' "$work/answer.txt" || fail 'experiments under /Projects remain after destroy' "$work/answer.txt"
checked 'No experiment remains under /Projects.'
check_grants_revoked
snapshot_scratch "$work/scratch-after.txt"
cmp -s "$work/scratch-before.txt" "$work/scratch-after.txt" || fail "Ana's experiment has changed" "$work/scratch-after.txt"
checked "Ana's experiment is unchanged: tags, permissions, and time of the last update."

cat <<TEXT

${bold}Summary${plain}: in ${SECONDS} s and $(requests_made) requests, the demo created experiments, tags, and permissions, detected and corrected
each change of a managed value, and left unmanaged tags and experiments unchanged.

${bold}Next steps${plain}
$next_steps
  make install                            install the provider for terraform and tofu on this machine
  examples/, docs/                        tested examples and the documentation of every object
TEXT
