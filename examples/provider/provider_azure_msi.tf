# The managed identity of an Azure virtual machine. The provider looks up the host by resource ID.
provider "mlflow" {
  azure_workspace_resource_id = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/ml/providers/Microsoft.Databricks/workspaces/ml"
  azure_use_msi               = true
}
