# Fails if a user runs Terraform, because the user would own the objects that it creates.
data "mlflow_current_user" "pipeline" {
  lifecycle {
    postcondition {
      condition     = self.kind == "service_principal"
      error_message = "Terraform runs as ${self.name}. Use the credentials of the pipeline's service principal."
    }
  }
}

output "groups" {
  value = data.mlflow_current_user.pipeline.groups
}
