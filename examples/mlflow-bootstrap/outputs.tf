output "experiment_ids" {
  description = "Experiment IDs by team and name."
  value       = local.ids
}

output "roles" {
  description = "Members of each role."
  value       = { for key, r in mlflow_role_members.this : key => r.users }
}
