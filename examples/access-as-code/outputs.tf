output "groups" {
  description = "Map of experiment name to group permission levels."
  value       = { for name, permissions in mlflow_experiment_permissions.access : name => permissions.groups }
}
