# Two provider configurations, one for each workspace.
provider "mlflow" {
  profile = "staging"
}

provider "mlflow" {
  alias   = "production"
  profile = "production"
}
