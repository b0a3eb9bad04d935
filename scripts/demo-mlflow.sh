# shellcheck shell=bash disable=SC2034,SC2154 # demo.sh reads this file, uses what it sets, and sets what it uses
# The part of the demo for open-source MLflow: a real server with basic authentication, whose accounts and roles are created first.

server_description="a real MLflow server $MLFLOW_RELEASE with basic authentication"
admin_password=admin-password-1234 ana_password=anas-password-1234
sign_in_hint="sign in as ana@example.com with $ana_password, or as admin with $admin_password"
review_note='Server admins have full access and are omitted. Teams are roles of the server.'
removed_tag='removed'
removed_tag_line='+ "environment" *= "dev"'
to_add=2 # the deleted experiment and its permissions
deleted_where=' (it reserves its name)'
planned_for_deleted='which will be created: if_deleted = "restore" restores it with its runs'
stage_of_deleted=active
deleted_result='pricing/training is the same experiment as before, restored with its runs.'
next_steps='  make demo BACKEND=mlflow KEEP=1         wait before the destroy, to browse the UI
  docs/guides/open-source-mlflow.md       set up an MLflow server; features of each version'
level_read=READ

# as USER ARGUMENTS...: runs curl as ana or admin.
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
  note 'MLflow is starting. This takes between ten seconds and a minute.'
  start env PATH="$bin:$PATH" MLFLOW_AUTH_CONFIG_PATH="$work/auth.ini" MLFLOW_FLASK_SERVER_SECRET_KEY=demo MLFLOW_DISABLE_TELEMETRY=true \
    "$bin/mlflow" server --app-name basic-auth --host 127.0.0.1 --port "$port" --workers 1 \
    --backend-store-uri "sqlite:///$work/mlflow.db" --artifacts-destination "$work/artifacts"
  until curl --silent --fail --noproxy '*' --output "$work/answer.txt" "$url/health"; do
    running
    [[ $SECONDS -lt 300 ]] || fail 'the MLflow server does not respond' "$work/server.txt"
    sleep 0.5
  done
  export MLFLOW_TRACKING_URI=$url MLFLOW_TRACKING_USERNAME=admin MLFLOW_TRACKING_PASSWORD=$admin_password
  create_accounts
  export TF_VAR_access=experiments TF_VAR_service_principals='{}' # MLflow has neither folders nor service principals
}

# create_accounts creates accounts and roles with Terraform. Ana's password comes from the environment and is not stored in the state.
create_accounts() {
  mkdir "$work/accounts"
  cat >"$work/accounts/main.tf" <<'HCL'
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
  note 'Two accounts and three roles: mlflow_user with a write-only password, and mlflow_role.'
  command_line "$cli apply"
  cli_in "$work/accounts" 0 init -input=false
  TF_VAR_password=$ana_password cli_in "$work/accounts" 0 apply -auto-approve -input=false
  grep '^Apply complete' "$work/output.txt" | indent
  ! grep -q "$ana_password" "$work/accounts/terraform.tfstate" || fail 'the state contains the password'
  checked 'The state does not contain the password.'
}

# change_grant VERB ID USER [LEVEL]: Ana grants or revokes; MLflow has no API to change a level.
change_grant() {
  change ana POST "3.0/mlflow/users/permissions/$1" \
    "{\"username\":\"$3\",\"resource_type\":\"experiment\",\"resource_id\":\"$2\"${4:+,\"permission\":\"$4\"}}"
}
# ana_grants ID USER LEVEL: the user must not have a grant yet.
ana_grants() { change_grant grant "$@"; }

# change_role ID ROLE LEVEL: an admin changes the level of a role, which only admins can.
change_role() {
  local row
  row=$(api admin GET '3.0/mlflow/roles/list?workspace=default' | tr '{' '\n' |
    awk -v role="\"name\":\"$2\"" -v experiment="\"resource_pattern\":\"$1\"" '
      /"name":/ { on = index($0, role) } on && index($0, experiment)' | sed 's/.*"id":\([0-9]*\).*/\1/')
  change admin PATCH 3.0/mlflow/roles/permissions/update "{\"role_permission_id\":$row,\"permission\":\"$3\"}"
}

change_permissions() {
  ana_grants "$(id_of demand/backtesting)" ben@example.com MANAGE
  note '- demand/backtesting   Ben granted MANAGE'
  change_role "$(id_of pricing/elasticity)" data-science READ
  note '- pricing/elasticity   role data-science lowered to READ'
  change_role "$(id_of credit/scoring)" ml-platform EDIT
  note '- credit/scoring       role ml-platform raised to EDIT'
}
find_permissions() {
  finds 'mlflow_experiment_permissions.this["demand/backtesting"]' '- "ben@example.com" *= "CAN_MANAGE"' 'an undeclared grant'
  finds 'mlflow_experiment_permissions.this["pricing/elasticity"]' '~ "data-science" *= "CAN_READ" -> "CAN_EDIT"' 'a lowered level'
  finds 'mlflow_experiment_permissions.this["credit/scoring"]' '~ "ml-platform" *= "CAN_EDIT" -> "CAN_READ"' 'a raised level'
}
check_grants_revoked() { :; } # the grants are deleted with the experiments

# grants_of ID: prints the grants on an experiment, each after its role.
grants_of() {
  api admin GET '3.0/mlflow/roles/list?workspace=default' | tr '{}' '\n\n' |
    awk -v experiment="\"resource_pattern\":\"$1\"" '/"name":/ { role = $0 } index($0, experiment) { print role, $0 }'
}
ana_removes_tag() { # EXPERIMENT KEY
  change ana POST 2.0/mlflow/experiments/delete-experiment-tag "{\"experiment_id\":\"$(id_of "$1")\",\"key\":\"$2\"}"
}
requests_made() { grep -c '/api/.* HTTP/1.1"' "$work/server.txt"; }
