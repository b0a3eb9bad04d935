# The provider is mocked, so `terraform test` needs no server.
mock_provider "mlflow" {}

variables {
  initial_passwords = {
    for name in ["ana", "ben", "carla", "dora", "emil", "fatma", "goran", "hana", "ivo", "jana", "karim", "lena"] : name => "only-for-tests-${name}"
  }
}

run "users_have_one_role_each" {
  command = plan

  assert {
    condition     = length(mlflow_user.this) == 12 && length(mlflow_workspace.this) == 3 && length(mlflow_role.this) == 9
    error_message = "There must be 12 users, 3 workspaces, and 9 roles."
  }

  assert {
    condition     = alltrue([for name in keys(mlflow_user.this) : length([for r in mlflow_role_members.this : r if contains(r.users, name)]) == 1])
    error_message = "Each user must be a member of exactly one role."
  }
}

run "roles_grant_access_to_their_workspace" {
  command = plan

  assert {
    condition     = alltrue([for r in mlflow_role.this : contains(keys(r.grants), "workspace/*")])
    error_message = "Each role must have a grant on its workspace."
  }

  assert {
    condition     = alltrue([for r in mlflow_role.this : r.grants["experiment/*"] == "READ" if r.name == "readers"])
    error_message = "Readers must not edit experiments."
  }
}
