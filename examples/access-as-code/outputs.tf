output "groups" {
  description = "What each experiment gets."
  value       = { for name, permissions in mlflow_experiment_permissions.access : name => permissions.groups }
}
