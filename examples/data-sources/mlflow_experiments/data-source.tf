# All experiments of a team in a folder.
data "mlflow_experiments" "risk" {
  name_prefix = "/Projects/"

  tags = {
    team = "risk"
  }
}

# Add a tag to each experiment.
resource "mlflow_experiment_tag" "audited" {
  for_each = data.mlflow_experiments.risk.ids

  experiment_id = each.value
  key           = "audit"
  value         = "2026"
}
