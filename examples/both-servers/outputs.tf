output "ids" {
  description = "Experiment IDs, for the code that logs runs."
  value       = { for key, e in mlflow_experiment.this : key => e.id }
}

output "links" {
  description = "URLs of the experiments in the UI."
  value       = { for key, e in mlflow_experiment.this : key => e.url }
}
