variable "deployed_run" {
  type        = string
  description = "ID of the run whose model is deployed."
}

# Replace it by the resource that deploys the model. The tags are set after it is created or changed.
resource "terraform_data" "deployment" {
  input = var.deployed_run

  lifecycle {
    action_trigger {
      events  = [after_create, after_update]
      actions = [action.mlflow_set_run_tags.deployed]
    }
  }
}

action "mlflow_set_run_tags" "deployed" {
  config {
    run_id = var.deployed_run
    tags = {
      stage     = "production"
      candidate = null # removes the tag
    }
  }
}
