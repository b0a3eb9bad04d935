locals {
  experiments = {
    "churn"  = "Who is about to leave."
    "demand" = "Weekly demand by store."
  }

  # One grant for each experiment and user.
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

  create_parents = true      # Databricks: makes the folder. An MLflow server has none.
  if_deleted     = "restore" # MLflow server: a deleted experiment keeps its name, and comes back with its runs.
}

# Something that others decide, such as a review, set from its own configuration just as well.
resource "mlflow_experiment_tag" "reviewed" {
  experiment_id = mlflow_experiment.this["churn"].id
  key           = "risk/reviewed"
  value         = "2026-03-31"
}

# Adds to what others granted. See mlflow_experiment_permissions for the whole truth.
resource "mlflow_experiment_permission" "this" {
  for_each = local.grants

  experiment_id    = mlflow_experiment.this[each.value.experiment].id
  user_name        = each.value.user
  permission_level = each.value.level
}
