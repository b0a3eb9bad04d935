data "mlflow_roles" "all" {}

output "workspace_managers" {
  description = "Usernames of the managers of the workspace, by role."
  value = {
    for role in data.mlflow_roles.all.roles : role.name => role.members
    if lookup(role.grants, "workspace/*", "") == "MANAGE"
  }
}
