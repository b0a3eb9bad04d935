# Record a review on all experiments in a folder. Configurations that manage these experiments ignore the tag.
data "mlflow_experiments" "fraud" {
  name_prefix = "/Projects/fraud/"
}

resource "mlflow_experiment_tag" "review" {
  for_each = data.mlflow_experiments.fraud.ids

  experiment_id = each.value
  key           = "risk/review"
  value         = jsonencode({ by = "risk", on = "2026-03-31" })
}

# Set the description of an experiment, which is also a tag.
resource "mlflow_experiment_tag" "description" {
  experiment_id = data.mlflow_experiments.fraud.ids["/Projects/fraud/training"]
  key           = "mlflow.note.content"
  value         = "Card payments. Reviewed every quarter."
}
