output "ids" {
  description = "Experiment IDs, for the code that logs runs."
  value       = local.ids
}

output "links" {
  description = "URLs of the experiments in the UI."
  value       = { for key, e in mlflow_experiment.this : key => e.url }
}
