# A profile of ~/.databrickscfg says where the workspace is and how to sign in.
provider "mlflow" {
  profile = "staging"
}
