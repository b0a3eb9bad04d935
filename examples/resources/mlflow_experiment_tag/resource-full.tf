# A review, noted on every experiment below a folder. Whoever manages them does not see it in a plan.
data "mlflow_experiments" "fraud" {
  name_prefix = "/Projects/fraud/"
}

resource "mlflow_experiment_tag" "review" {
  for_each = data.mlflow_experiments.fraud.ids

  experiment_id = each.value
  key           = "risk/review"
  value         = jsonencode({ by = "risk", on = "2026-03-31" })
}

# The description that the UI shows is a tag, too.
resource "mlflow_experiment_tag" "description" {
  experiment_id = data.mlflow_experiments.fraud.ids["/Projects/fraud/training"]
  key           = "mlflow.note.content"
  value         = "Card payments. Reviewed every quarter."
}
