locals {
  teams = {
    fraud = { experiments = "EDIT", models = "EDIT" }
    audit = { experiments = "READ", models = "READ" }
  }
}

resource "mlflow_role" "team" {
  for_each    = local.teams
  name        = each.key
  description = "Team ${each.key}."

  grants = {
    "workspace/*"        = "USE"
    "experiment/*"       = each.value.experiments
    "registered_model/*" = each.value.models
  }
}

# Grants on a single experiment are declared in the permissions of the experiment.
resource "mlflow_role" "reviewers" {
  name   = "reviewers"
  grants = { "workspace/*" = "USE" }
}

resource "mlflow_experiment" "scoring" {
  name = "scoring"
}

resource "mlflow_experiment_permissions" "scoring" {
  experiment_id = mlflow_experiment.scoring.id
  groups        = { (mlflow_role.reviewers.name) = "CAN_READ" }
}
