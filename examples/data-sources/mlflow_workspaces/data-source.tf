data "mlflow_workspaces" "all" {}

output "workspaces_without_description" {
  value = [for w in data.mlflow_workspaces.all.workspaces : w.name if w.description == null]
}
