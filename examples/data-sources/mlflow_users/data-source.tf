data "mlflow_users" "all" {}

output "server_admins" {
  value = [for user in data.mlflow_users.all.users : user.username if user.admin]
}

output "users_without_role" {
  value = [for user in data.mlflow_users.all.users : user.username if length(user.roles) == 0 && !user.admin]
}
