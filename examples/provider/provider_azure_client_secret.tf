# A Microsoft Entra ID service principal with a client secret.
provider "mlflow" {
  host                = "https://adb-1234567890123456.7.azuredatabricks.net"
  azure_client_id     = "11111111-2222-3333-4444-555555555555"
  azure_client_secret = var.azure_client_secret
  azure_tenant_id     = "66666666-7777-8888-9999-000000000000"
}

variable "azure_client_secret" {
  type      = string
  sensitive = true
}
