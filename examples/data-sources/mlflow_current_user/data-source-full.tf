# Refuses to run as a person: what a pipeline makes belongs to the pipeline.
data "mlflow_current_user" "pipeline" {
  lifecycle {
    postcondition {
      condition     = self.kind == "service_principal"
      error_message = "This runs as ${self.name}. Sign in as the service principal of the pipeline."
    }
  }
}

output "groups" {
  value = data.mlflow_current_user.pipeline.groups
}
