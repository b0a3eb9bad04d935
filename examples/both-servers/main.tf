locals {
  experiments = {
    "churn"  = "Customers who are likely to leave."
    "demand" = "Weekly demand by store."
  }

  ids = { for key, experiment in mlflow_experiment.this : key => experiment.id }

  # One grant per experiment and user.
  grants = merge([
    for experiment in keys(local.experiments) : {
      for user, level in var.users : "${experiment}/${user}" => { experiment = experiment, user = user, level = level }
    }
  ]...)
}

resource "mlflow_experiment" "this" {
  for_each = local.experiments

  name        = "${var.name_prefix}${each.key}"
  description = each.value
  tags        = { team = "data-science" }

  create_parents = true      # Databricks: creates the folder. MLflow servers have no folders.
  if_deleted     = "restore" # MLflow server: a deleted experiment reserves its name, and is restored with its runs.
}

# A single tag, for example of a review. It can be in another configuration than the experiment.
resource "mlflow_experiment_tag" "reviewed" {
  experiment_id = local.ids["churn"]
  key           = "risk/reviewed"
  value         = "2026-03-31"
}

# Non-authoritative: other grants are unaffected. To manage all grants, use mlflow_experiment_permissions.
resource "mlflow_experiment_permission" "this" {
  for_each = local.grants

  experiment_id    = local.ids[each.value.experiment]
  user_name        = each.value.user
  permission_level = each.value.level
}
