# The identity that is signed in to the Azure CLI, with `az login` or the azure/login step of a GitHub job.
provider "mlflow" {
  host      = "https://adb-1234567890123456.7.azuredatabricks.net"
  auth_type = "azure-cli"
}
