# shellcheck shell=bash disable=SC2034,SC2154 # demo.sh reads this file, uses what it sets, and sets what it uses
# The part of the demo that is about open-source MLflow: a real server with basic authentication. Its accounts and roles are
# created first.

what_it_is="a real MLflow server $MLFLOW_RELEASE with basic authentication"
admin_password=admin-password-1234 ana_password=anas-password-1234
how_to_look="ana@example.com signs in with $ana_password, admin with $admin_password"
about_the_review='Admins may do everything and are left out. Teams are roles of the server.'
taken_tag='removed'
taken_tag_line='+ "environment" *= "dev"'
to_add=2 # the deleted experiment, and its list of permissions
deleted_where=': it keeps its name'
planned_for_deleted='which will be created: with if_deleted = "restore" it comes back with its runs'
stage_of_deleted=active
about_the_deleted='pricing/training is the same experiment as before: it was restored, runs included.'
what_next='  make demo BACKEND=mlflow KEEP=1         waits before the destroy, so that you can look at the UI
  docs/guides/open-source-mlflow.md       how to set up such a server, and what each version can do'
level_read=READ

# as WHO ARGUMENTS...: curl, as ana or admin.
as() {
  local login=admin:$admin_password
  [[ $1 != ana ]] || login=ana@example.com:$ana_password
  shift
  curl --user "$login" "$@"
}

start_server() {
  scripts/mlflow-servers.sh "$CACHE_DIR/mlflow" "$MLFLOW_RELEASE"
  local bin=$CACHE_DIR/mlflow/$MLFLOW_RELEASE/bin port
  port=$("$bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  url=http://127.0.0.1:$port
  cat >"$work/auth.ini" <<INI
[mlflow]
default_permission = NO_PERMISSIONS
database_uri = sqlite:///$work/auth.db
admin_username = admin
admin_password = $admin_password
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
auth_cache_ttl_seconds = 60
INI
  note 'MLflow starts, which takes from ten seconds to a minute.'
  start env PATH="$bin:$PATH" MLFLOW_AUTH_CONFIG_PATH="$work/auth.ini" MLFLOW_FLASK_SERVER_SECRET_KEY=demo MLFLOW_DISABLE_TELEMETRY=true \
    "$bin/mlflow" server --app-name basic-auth --host 127.0.0.1 --port "$port" --workers 1 \
    --backend-store-uri "sqlite:///$work/mlflow.db" --artifacts-destination "$work/artifacts"
  until curl --silent --fail --noproxy '*' --output "$work/answer.txt" "$url/health"; do
    running
    [[ $SECONDS -lt 300 ]] || fail 'the MLflow server does not answer' "$work/server.txt"
    sleep 0.5
  done
  export MLFLOW_TRACKING_URI=$url MLFLOW_TRACKING_USERNAME=admin MLFLOW_TRACKING_PASSWORD=$admin_password
  make_people
  export TF_VAR_access=experiments TF_VAR_service_principals='{}' # MLflow has neither folders nor service principals
}

# make_people creates accounts and roles as code. Ana's password comes from the environment and is not stored in the state.
make_people() {
  mkdir "$work/people"
  cat >"$work/people/main.tf" <<'HCL'
terraform {
  required_providers {
    mlflow = { source = "mlflow-terraform/mlflow" }
  }
}

variable "password" {
  type      = string
  ephemeral = true
}

resource "mlflow_user" "this" {
  for_each    = toset(["ana@example.com", "ben@example.com"])
  username    = each.value
  password_wo = var.password
}

resource "mlflow_role" "this" {
  for_each = toset(["data-science", "ml-platform", "risk"])
  name     = each.value
}
HCL
  note 'Two accounts and three roles, as code: mlflow_user with a write-only password, and mlflow_role.'
  command_line "$cli apply"
  cli_in "$work/people" 0 init -input=false
  TF_VAR_password=$ana_password cli_in "$work/people" 0 apply -auto-approve -input=false
  grep '^Apply complete' "$work/output.txt" | indent
  ! grep -q "$ana_password" "$work/people/terraform.tfstate" || fail 'the password is in the state'
  checked 'The state does not contain the password.'
}

# change_grant VERB ID USER [LEVEL]: Ana grants or revokes; MLflow has no call that changes a level.
change_grant() {
  by_hand ana POST "3.0/mlflow/users/permissions/$1" \
    "{\"username\":\"$3\",\"resource_type\":\"experiment\",\"resource_id\":\"$2\"${4:+,\"permission\":\"$4\"}}"
}
# ana_grants ID USER LEVEL: Ben holds nothing before.
ana_grants() { change_grant grant "$@"; }

# change_role ID ROLE LEVEL: only admins change roles.
change_role() {
  local row
  row=$(api admin GET '3.0/mlflow/roles/list?workspace=default' | tr '{' '\n' |
    awk -v role="\"name\":\"$2\"" -v experiment="\"resource_pattern\":\"$1\"" '
      /"name":/ { on = index($0, role) } on && index($0, experiment)' | sed 's/.*"id":\([0-9]*\).*/\1/')
  by_hand admin PATCH 3.0/mlflow/roles/permissions/update "{\"role_permission_id\":$row,\"permission\":\"$3\"}"
}

change_permissions() {
  ana_grants "$(id_of demand/backtesting)" ben@example.com MANAGE
  note '- demand/backtesting   Ben gets MANAGE'
  change_role "$(id_of pricing/elasticity)" data-science READ
  note '- pricing/elasticity   an admin lowers the role data-science to READ'
  change_role "$(id_of credit/scoring)" ml-platform EDIT
  note '- credit/scoring       an admin raises the role ml-platform to EDIT'
}
find_permissions() {
  finds 'mlflow_experiment_permissions.this["demand/backtesting"]' '- "ben@example.com" *= "CAN_MANAGE"' 'a grant that is not declared'
  finds 'mlflow_experiment_permissions.this["pricing/elasticity"]' '~ "data-science" *= "CAN_READ" -> "CAN_EDIT"' 'a lowered level'
  finds 'mlflow_experiment_permissions.this["credit/scoring"]' '~ "ml-platform" *= "CAN_EDIT" -> "CAN_READ"' 'a raised level'
}
check_grants_revoked() { :; } # the grants are deleted with the experiments

# grants_of ID: the grants on an experiment, each after the role that holds it.
grants_of() {
  api admin GET '3.0/mlflow/roles/list?workspace=default' | tr '{}' '\n\n' |
    awk -v experiment="\"resource_pattern\":\"$1\"" '/"name":/ { role = $0 } index($0, experiment) { print role, $0 }'
}
ana_takes_tag() { # EXPERIMENT KEY
  by_hand ana POST 2.0/mlflow/experiments/delete-experiment-tag "{\"experiment_id\":\"$(id_of "$1")\",\"key\":\"$2\"}"
}
requests_made() { grep -c '/api/.* HTTP/1.1"' "$work/server.txt"; }
