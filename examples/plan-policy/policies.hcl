# Policy set of HCP Terraform.
policy "mlflow" {
  query             = "data.main.deny"
  enforcement_level = "mandatory"
}
