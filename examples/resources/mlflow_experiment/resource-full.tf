resource "mlflow_experiment" "demand" {
  name              = "/Shared/forecasting/demand"
  description       = "Weekly demand by store. Runbook: https://wiki.example.com/demand"
  artifact_location = "dbfs:/Volumes/ml/forecasting/demand"

  tags = {
    team        = "data-science"
    cost_center = "4711"
  }

  create_parents  = true              # creates /Shared/forecasting
  adopt_existing  = true              # adopts an active experiment with this name
  if_deleted      = "restore"         # restores a deleted experiment that reserves the name
  deletion_policy = "delete_if_empty" # default: deletes the experiment only if it is empty
}
