# Every experiment of a team below a folder.
data "mlflow_experiments" "risk" {
  name_prefix = "/Projects/"

  tags = {
    team = "risk"
  }
}

# Name to id, ready for for_each.
resource "mlflow_experiment_tag" "audited" {
  for_each = data.mlflow_experiments.risk.ids

  experiment_id = each.value
  key           = "audit"
  value         = "2026"
}
