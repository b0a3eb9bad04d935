# The people in a group, and the nested groups through which they are in it
data "mlflow_principals" "risk" {
  groups = ["risk"]
}

output "members_of_risk" {
  value = {
    for m in data.mlflow_principals.risk.members : m.name => join(" > ", concat([m.group], m.via))
    if m.kind != "group"
  }
}

# What the identity that runs Terraform cannot read
output "unknown" {
  value = [for i in data.mlflow_principals.risk.incomplete : "${i.kind} ${i.name}: ${i.reason}"]
}
