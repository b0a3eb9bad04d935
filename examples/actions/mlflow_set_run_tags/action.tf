variable "deployed_run" {
  type        = string
  description = "ID of the run whose model is deployed."
}

# Replace this with the resource that deploys the model. The action sets the tags after the resource is created or updated.
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
