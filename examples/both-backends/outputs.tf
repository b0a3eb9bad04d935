output "ids" {
  description = "Experiment ids, for the code that logs runs."
  value       = { for key, e in mlflow_experiment.this : key => e.id }
}

output "links" {
  description = "The experiments' pages in the UI."
  value       = { for key, e in mlflow_experiment.this : key => e.url }
}
