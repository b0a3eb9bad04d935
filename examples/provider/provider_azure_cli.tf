# Whoever ran `az login` on this machine, or the step azure/login in a job.
provider "mlflow" {
  host      = "https://adb-1234567890123456.7.azuredatabricks.net"
  auth_type = "azure-cli"
}
