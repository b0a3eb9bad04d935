variable "run_id" {
  type        = string
  description = "ID of the run to release, as approved in a review."
}

data "mlflow_run" "release" {
  run_id = var.run_id

  lifecycle {
    postcondition {
      condition     = self.status == "FINISHED" && self.lifecycle_stage == "active"
      error_message = "Run ${self.run_id} cannot be released: its status is ${self.status}, and it is ${self.lifecycle_stage}."
    }
  }
}

output "release" {
  value = {
    metrics = data.mlflow_run.release.metrics
    commit  = lookup(data.mlflow_run.release.tags, "mlflow.source.git.commit", null)
  }
}
