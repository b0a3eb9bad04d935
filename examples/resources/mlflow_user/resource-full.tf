variable "initial_passwords" {
  description = "Initial passwords by username. Each user can change theirs in the MLflow UI."
  type        = map(string)
  sensitive   = true
  ephemeral   = true
}

locals {
  users = {
    ben   = { admin = false }
    carla = { admin = true }
  }
}

resource "mlflow_user" "team" {
  for_each = local.users

  username    = each.key
  password_wo = var.initial_passwords[each.key]
  admin       = each.value.admin
}

# Adopts an existing account with its password. Destroying the resource does not delete the account.
resource "mlflow_user" "training" {
  username        = "training"
  adopt_existing  = true
  deletion_policy = "retain"
}
