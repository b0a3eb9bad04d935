# The identity that `az login` signed in on this machine, or the azure/login step of a job.
provider "mlflow" {
  host      = "https://adb-1234567890123456.7.azuredatabricks.net"
  auth_type = "azure-cli"
}
