output "experiment_ids" {
  description = "Experiment IDs by team and name."
  value       = { for key, e in mlflow_experiment.this : key => e.id }
}

output "roles" {
  description = "Members of each role."
  value       = { for key, r in mlflow_role_members.this : key => r.users }
}
