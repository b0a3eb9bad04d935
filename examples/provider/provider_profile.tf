# A profile in ~/.databrickscfg specifies the workspace and the credentials.
provider "mlflow" {
  profile = "staging"
}
