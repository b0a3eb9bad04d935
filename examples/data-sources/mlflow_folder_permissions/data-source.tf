data "mlflow_folder_permissions" "retail" {
  path = "/Projects/retail"
}

# Principals that can create experiments in the folder, and the source of each grant.
output "editors" {
  value = [
    for g in data.mlflow_folder_permissions.retail.grants : {
      who  = g.principal
      from = g.inherited ? g.inherited_from_path : "the folder itself"
    } if contains(["CAN_EDIT", "CAN_MANAGE"], g.level)
  ]
}
