# Two servers in one configuration.
provider "mlflow" {
  profile = "staging"
}

provider "mlflow" {
  alias   = "production"
  profile = "production"
}
