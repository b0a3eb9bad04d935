# The host and the credentials come from a profile of ~/.databrickscfg.
provider "mlflow" {
  profile = "staging"
}
