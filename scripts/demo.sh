#!/usr/bin/env bash
# Shows what the provider does, on a tracking server on this machine. `make demo` runs it, with
#   BACKEND             the server: databricks, a local workspace that answers as Databricks does, or mlflow, a real MLflow server
#   CLI                 the terraform or tofu to use
#   TF_CLI_CONFIG_FILE  settings that lead the CLI to the provider
#   CACHE_DIR           where the server is built or installed
#   MLFLOW_RELEASE      the version of the MLflow server
#   KEEP                anything: wait for Enter before the destroy, to look around
#
# What the servers do not have in common is in demo-databricks.sh and demo-mlflow.sh.
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

# The server leads a process group of its own, since it may have workers; they go with it.
cleanup() {
  [[ -z $server ]] || kill -- "-$server" 2>/dev/null || true
  [[ -z $server ]] || wait "$server" 2>/dev/null || true
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

# start COMMAND...: starts the server in the background; what it prints goes to server.txt.
start() {
  set -m
  : >"$work/server.txt" # the shell that starts the server may come to its redirection after the first look
  "$@" >"$work/server.txt" 2>&1 &
  server=$!
  set +m
}
running() { kill -0 "$server" 2>/dev/null || fail 'the server did not start' "$work/server.txt"; }

# api WHO METHOD PATH [BODY]: a plain call to the server, as admin or ana; prints the answer in one line without spaces after colons.
api() {
  as "$1" --silent --show-error --fail --noproxy '*' --request "$2" --header 'Content-Type: application/json' \
    ${4:+--data "$4"} "$url/api/$3" | tr -d '\n' | sed 's/": */":/g'
}
by_hand() { api "$@" >"$work/answer.txt" || fail "a change by hand was refused: $3" "$work/answer.txt"; }
experiment() { printf '2.0/mlflow/experiments/get?experiment_id=%s' "$1"; }
id_of() { awk -v key="$1" '$1 == key { print $2 }' "$work/ids.txt"; }

# ana_tags EXPERIMENT KEY VALUE: Ana sets a tag.
ana_tags() {
  by_hand ana POST 2.0/mlflow/experiments/set-experiment-tag "{\"experiment_id\":\"$(id_of "$1")\",\"key\":\"$2\",\"value\":\"$3\"}"
}

# scratch_now FILE: what the server holds of Ana's own experiment.
scratch_now() {
  { api admin GET "$(experiment "$scratch")" && grants_of "$scratch"; } >"$1"
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
  cli_in "$review" 0 apply -auto-approve -input=false -var "today=$(date -u +%F)"
  "$CLI" -chdir="$review" output -raw markdown >"$1"
}

[[ $BACKEND == databricks || $BACKEND == mlflow ]] || fail "BACKEND is \"$BACKEND\"; it must be databricks or mlflow"
# shellcheck source=scripts/demo-databricks.sh
source "scripts/demo-$BACKEND.sh"

cat <<TEXT
${bold}Terraform provider for MLflow experiments: a demonstration${plain}

Everything happens on this machine, with $("$CLI" version | head -n 1) and $what_it_is.
Nothing is kept.
TEXT

step 'A server that people use' \
  'Somebody has always been there before Terraform: here Ana, with an experiment of her own that nobody asked us to manage.'

start_server
by_hand ana POST 2.0/mlflow/experiments/create '{"name":"/Users/ana@example.com/scratch","tags":[{"key":"mood","value":"curious"}]}'
scratch=$(sed 's/.*"experiment_id":"\([0-9]*\)".*/\1/' "$work/answer.txt")
ana_grants "$scratch" ben@example.com "$level_read"
note "Server:             $url"
[[ -z $how_to_look ]] || note "                    $how_to_look"
note "Ana's experiment:   /Users/ana@example.com/scratch, tag mood = \"curious\", Ben may read it"

step '12 experiments in one apply' \
  'examples/workspace-bootstrap declares experiments, tags and access by team; one apply makes them all.'

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
  'examples/permission-review reads it back from the server, for somebody who has to sign it off.'

cli_in "$review" 0 init -input=false
take_review "$work/review-before.txt"
indent <"$work/review-before.txt"
echo
note "$about_the_review"
note 'The same as a page to look at and to print: terraform output -raw html > review.html'

step 'Ana changes things by hand' \
  'She does not know about Terraform. Ten changes, as the UI would make them:'

ana_tags churn/baseline team growth
note '- churn/baseline       tag team: data-science -> growth'
ana_takes_tag churn/training environment
note "- churn/training       tag environment $taken_tag"
ana_tags churn/training note mine
note '- churn/training       a new tag of her own: note = mine'
ana_tags churn/monitoring mlflow.note.content 'Old, ask Ana.'
note '- churn/monitoring     another description'
by_hand ana POST 2.0/mlflow/experiments/update "{\"experiment_id\":\"$(id_of demand/training)\",\"new_name\":\"/Users/ana@example.com/demand\"}"
note '- demand/training      renamed to /Users/ana@example.com/demand'
change_permissions
by_hand ana POST 2.0/mlflow/experiments/delete "{\"experiment_id\":\"$(id_of pricing/training)\"}"
note "- pricing/training     deleted$deleted_where"
by_hand ana POST 2.0/mlflow/experiments/set-experiment-tag "{\"experiment_id\":\"$scratch\",\"key\":\"mood\",\"value\":\"busy\"}"
scratch_now "$work/scratch-before.txt"
note "- her own experiment   tag mood: curious -> busy"

step 'The plan finds what concerns us' \
  'Each change stands under the attribute that it belongs to (shortened here to the changed lines):'

command_line "$cli plan"
cli_in "$bootstrap" 2 plan -input=false -detailed-exitcode -out=tfplan
trim "$work/output.txt" >"$work/trimmed.txt"
paint <"$work/trimmed.txt" | indent
echo
this=mlflow_experiment.this
finds "${this}[\"churn/baseline\"]" '~ "team" *= "growth" -> "data-science"' 'a changed tag'
finds "${this}[\"churn/training\"]" "$taken_tag_line" "a tag that was $taken_tag"
finds "${this}[\"churn/monitoring\"]" '~ description .*"Old, ask Ana." -> ' 'another description'
finds "${this}[\"demand/training\"]" '~ name .*-> "/Projects/demand/training"' 'a renamed experiment'
find_permissions
grep -q 'Experiment not found, removed from state' "$work/output.txt" || fail 'the plan does not warn that an experiment is gone' "$work/output.txt"
finds "${this}[\"pricing/training\"]" 'will be created' "a deleted experiment, $planned_for_deleted"
grep -q "^Plan: $to_add to add, 7 to change, 0 to destroy" "$work/output.txt" || fail 'the plan shows something else as well' "$work/output.txt"
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
api admin GET "$(experiment "$(id_of churn/training)")" >"$work/answer.txt"
grep -q '"key":"note", *"value":"mine"' "$work/answer.txt" || fail "Ana's own tag is gone" "$work/answer.txt"
checked "Ana's own tag on churn/training is still there."
api admin GET "$(experiment "$(id_of pricing/training)")" >"$work/answer.txt"
grep -q "\"lifecycle_stage\":\"$stage_of_deleted\"" "$work/answer.txt" || fail 'the deleted experiment is not what it should be' "$work/answer.txt"
checked "$about_the_deleted"

if [[ -n ${KEEP:-} ]]; then
  printf '\n   Look around at %s; Enter goes on.' "$url${how_to_look:+ ($how_to_look)}"
  read -r _ || echo
fi

step 'Destroy takes away what was made, and nothing else' \
  "The 12 empty experiments are deleted. If one contained runs, the plan would fail: deletion_policy = \"delete_if_empty\"."

command_line "$cli destroy"
cli_in "$bootstrap" 0 destroy -input=false -auto-approve
grep '^Destroy complete' "$work/output.txt" | indent
api admin POST 2.0/mlflow/experiments/search '{"max_results":1000}' >"$work/answer.txt"
! grep -q '"name":"/Projects/' "$work/answer.txt" || fail 'destroy left experiments' "$work/answer.txt"
checked 'No experiment is left below /Projects.'
check_grants_revoked
scratch_now "$work/scratch-after.txt"
cmp -s "$work/scratch-before.txt" "$work/scratch-after.txt" || fail "Ana's experiment was touched" "$work/scratch-after.txt"
checked "Ana's experiment is as she left it: tags, permissions, time of the last change."

cat <<TEXT

${bold}What you saw${plain}, in ${SECONDS} s and $(requests_made) requests: experiments, tags and access from code; every change made by
hand found under its own attribute and repaired; what belongs to others left alone.

${bold}What to try next${plain}
$what_next
  make install                            installs the provider for terraform and tofu on this machine
  examples/, docs/                        every resource and data source, with examples that are tested
TEXT
