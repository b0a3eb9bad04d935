variable "run_id" {
  type        = string
  description = "ID of the run that logged the model."
}

data "mlflow_run_artifacts" "model" {
  run_id = var.run_id
  path   = "model"
}

# Size in bytes of each file of the model, by URI.
output "model_files" {
  value = {
    for f in data.mlflow_run_artifacts.model.files :
    "${data.mlflow_run_artifacts.model.artifact_uri}/${f.path}" => f.file_size if !f.is_dir
  }
}
