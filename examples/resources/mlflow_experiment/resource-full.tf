resource "mlflow_experiment" "demand" {
  name              = "/Shared/forecasting/demand"
  description       = "Weekly demand by store. Runbook: https://wiki.example.com/demand"
  artifact_location = "dbfs:/Volumes/ml/forecasting/demand"

  tags = {
    team        = "data-science"
    cost_center = "4711"
  }

  create_parents  = true              # makes /Shared/forecasting
  adopt_existing  = true              # takes over an experiment of this name
  if_deleted      = "restore"         # takes back a deleted one that holds the name
  deletion_policy = "delete_if_empty" # the default: deletes the experiment only if it is empty
}
