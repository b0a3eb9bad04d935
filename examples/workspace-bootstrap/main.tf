locals {
  # Everybody who has access to a team's experiments besides the team itself.
  teams = {
    "data-science" = { lead = "ana@example.com", readers = ["risk"] }
    "risk"         = { lead = "ben@example.com", readers = [] }
    "ml-platform"  = { lead = "ben@example.com", readers = ["data-science", "risk"] }
  }

  # Folder and name below var.root_folder. A map in locals: for_each stays fast with thousands, and every experiment keeps its
  # address when others come and go.
  experiments = {
    "churn/baseline"       = { team = "data-science", description = "Logistic regression that every other model has to beat." }
    "churn/training"       = { team = "data-science", description = "Monthly retraining." }
    "churn/monitoring"     = { team = "data-science", description = "Drift of the model in production." }
    "demand/training"      = { team = "data-science", description = "Weekly demand by store." }
    "demand/backtesting"   = { team = "data-science", description = "The last two years, replayed." }
    "pricing/elasticity"   = { team = "data-science", description = "How demand follows price." }
    "pricing/training"     = { team = "data-science", description = "Nightly retraining." }
    "fraud/training"       = { team = "risk", description = "Card payments." }
    "fraud/monitoring"     = { team = "risk", description = "False alarms by day." }
    "credit/scoring"       = { team = "risk", description = "Under audit: every run needs a reviewer." }
    "platform/smoke-tests" = { team = "ml-platform", description = "Runs after every upgrade." }
    "platform/load-tests"  = { team = "ml-platform", description = "Runs every weekend." }
  }
}

resource "mlflow_experiment" "this" {
  for_each = local.experiments

  name            = "${var.root_folder}/${each.key}"
  description     = each.value.description
  tags            = { team = each.value.team }
  create_parents  = true      # Databricks: makes the folders
  if_deleted      = "restore" # MLflow server: a deleted experiment keeps its name, and comes back with its runs
  deletion_policy = var.deletion_policy
}

module "team_access" {
  source   = "./modules/team-access"
  for_each = local.experiments

  experiment_id      = mlflow_experiment.this[each.key].id
  team               = each.value.team
  lead               = local.teams[each.value.team].lead
  readers            = local.teams[each.value.team].readers
  service_principals = lookup(var.service_principals, each.value.team, [])
}
