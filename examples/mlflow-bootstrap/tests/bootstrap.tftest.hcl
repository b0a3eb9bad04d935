# Needs no server: the provider is mocked. Run it with `terraform test`.
mock_provider "mlflow" {}

variables {
  initial_passwords = {
    for name in ["ana", "ben", "carla", "dora", "emil", "fatma", "goran", "hana", "ivo", "jana", "karim", "lena"] : name => "only-for-tests-${name}"
  }
}

run "everybody_is_in_one_team" {
  command = plan

  assert {
    condition     = length(mlflow_user.this) == 12 && length(mlflow_workspace.this) == 3 && length(mlflow_role.this) == 9
    error_message = "There must be 12 users, 3 workspaces, and 9 roles."
  }

  assert {
    condition     = alltrue([for name in keys(mlflow_user.this) : length([for r in mlflow_role_members.this : r if contains(r.users, name)]) == 1])
    error_message = "Each person must be a member of exactly one role."
  }
}

run "roles_let_their_members_enter" {
  command = plan

  assert {
    condition     = alltrue([for r in mlflow_role.this : contains(keys(r.grants), "workspace/*")])
    error_message = "A role without a grant on the workspace does not let its members enter it."
  }

  assert {
    condition     = alltrue([for r in mlflow_role.this : r.grants["experiment/*"] == "READ" if r.name == "readers"])
    error_message = "Readers must not edit experiments."
  }
}
