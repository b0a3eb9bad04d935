locals {
  teams = {
    forecasting = "Weekly demand and prices"
    fraud       = "Card payments"
  }
}

resource "mlflow_workspace" "team" {
  for_each = local.teams

  name                  = each.key
  description           = each.value
  default_artifact_root = "s3://ml-artifacts/${each.key}"
  adopt_existing        = true
  deletion_policy       = "retain" # destroy does not delete the workspace
}

# An experiment in each workspace.
resource "mlflow_experiment" "baseline" {
  for_each = mlflow_workspace.team

  workspace = each.value.name
  name      = "baseline"
}
