variable "run_ids" {
  type = list(string)
}

# terraform apply -invoke=action.mlflow_restore_runs.these -var 'run_ids=["6f1c2a345b674c899d0123456789abcd"]'
action "mlflow_restore_runs" "these" {
  config {
    run_ids = var.run_ids
  }
}
