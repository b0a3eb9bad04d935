locals {
  # Access by team: the team edits, its lead manages, its readers read.
  teams = {
    "data-science" = { lead = "ana@example.com", readers = ["risk"] }
    "risk"         = { lead = "ben@example.com", readers = [] }
    "ml-platform"  = { lead = "ben@example.com", readers = ["data-science", "risk"] }
  }

  # Folders in var.root_folder, each with its team and its experiments. The readers of an experiment are in addition to those of its folder.
  folders = {
    "churn" = {
      team = "data-science"
      experiments = {
        "baseline"   = { description = "Logistic regression, the baseline for all other models." }
        "training"   = { description = "Monthly retraining." }
        "monitoring" = { description = "Drift of the model in production." }
      }
    }
    "demand" = {
      team = "data-science"
      experiments = {
        "training"    = { description = "Weekly demand by store." }
        "backtesting" = { description = "Backtest of the last two years." }
      }
    }
    "pricing" = {
      team = "data-science"
      experiments = {
        "elasticity" = { description = "Price elasticity of demand." }
        "training"   = { description = "Nightly retraining." }
      }
    }
    "fraud" = {
      team = "risk"
      experiments = {
        "training"   = { description = "Card payments." }
        "monitoring" = { description = "False positives per day." }
      }
    }
    "credit" = {
      team = "risk"
      experiments = {
        "scoring" = { description = "Under audit: every run needs a reviewer.", readers = ["ml-platform"] }
      }
    }
    "platform" = {
      team = "ml-platform"
      experiments = {
        "smoke-tests" = { description = "Runs after every upgrade." }
        "load-tests"  = { description = "Runs every weekend." }
      }
    }
  }
}

# The maps that the resources use. In locals, for_each stays fast with thousands of entries.
locals {
  grants = {
    for team, t in local.teams : team => {
      groups             = merge({ for group in t.readers : group => "CAN_READ" }, { (team) = "CAN_EDIT" })
      users              = { (t.lead) = "CAN_MANAGE" }
      service_principals = { for id in lookup(var.service_principals, team, []) : id => "CAN_EDIT" }
    }
  }

  folder_lists = { for folder, f in local.folders : folder => local.grants[f.team] if var.access == "folders" }

  # From the lists on folders, so that Terraform creates the folders before the experiments in them.
  paths = {
    for folder in keys(local.folders) :
    folder => var.access == "folders" ? mlflow_folder_permissions.this[folder].path : "${var.root_folder}/${folder}"
  }

  experiments = merge([
    for folder, f in local.folders : {
      for name, e in f.experiments : "${folder}/${name}" => {
        name        = "${local.paths[folder]}/${name}"
        description = e.description
        team        = f.team
      }
    }
  ]...)

  # The grants that experiments do not inherit from their folders.
  not_inherited = {
    for team, maps in local.grants : team => {
      for kind, grants in maps : kind => { for principal, level in grants : principal => level if var.access == "experiments" }
    }
  }

  experiment_lists = merge([
    for folder, f in local.folders : {
      for name, e in f.experiments : "${folder}/${name}" => {
        groups             = merge({ for group in lookup(e, "readers", []) : group => "CAN_READ" }, local.not_inherited[f.team].groups)
        users              = local.not_inherited[f.team].users
        service_principals = local.not_inherited[f.team].service_principals
      } if var.access == "experiments" || can(e.readers)
    }
  ]...)

  ids = { for key, experiment in mlflow_experiment.this : key => experiment.id }
}

# Access for all experiments in a folder. The plan shows every other direct grant on the folder.
resource "mlflow_folder_permissions" "this" {
  for_each = local.folder_lists

  path               = "${var.root_folder}/${each.key}"
  create_parents     = true
  groups             = each.value.groups
  users              = each.value.users
  service_principals = each.value.service_principals
}

resource "mlflow_experiment" "this" {
  for_each = local.experiments

  name            = each.value.name
  description     = each.value.description
  tags            = { team = each.value.team }
  create_parents  = true      # Databricks: creates the folders that have no list
  if_deleted      = "restore" # MLflow server: a deleted experiment reserves its name, and is restored with its runs
  deletion_policy = var.deletion_policy
}

# Access for one experiment, in addition to the grants that it inherits from its folder.
resource "mlflow_experiment_permissions" "this" {
  for_each = local.experiment_lists

  experiment_id      = local.ids[each.key]
  groups             = each.value.groups
  users              = each.value.users
  service_principals = each.value.service_principals
}
