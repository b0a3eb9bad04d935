# Users and service principals in a group, with the nested groups that contain them.
data "mlflow_principals" "risk" {
  groups = ["risk"]
}

output "members_of_risk" {
  value = {
    for m in data.mlflow_principals.risk.members : m.name => join(" > ", concat([m.group], m.via))
    if m.kind != "group"
  }
}

# Principals that the identity that runs Terraform cannot read completely.
output "incomplete" {
  value = [for i in data.mlflow_principals.risk.incomplete : "${i.kind} ${i.name}: ${i.reason}"]
}
