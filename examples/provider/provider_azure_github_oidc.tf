# A GitHub Actions job with a federated credential of a Microsoft Entra ID application.
provider "mlflow" {
  host            = "https://adb-1234567890123456.7.azuredatabricks.net"
  azure_client_id = "11111111-2222-3333-4444-555555555555"
  azure_tenant_id = "66666666-7777-8888-9999-000000000000"
  auth_type       = "github-oidc-azure"
}
