data "mlflow_experiment" "churn" {
  name = "/Projects/churn"
}

data "mlflow_experiment_permissions" "churn" {
  experiment_id = data.mlflow_experiment.churn.id
}

# Principals that can change the experiment, and the source of each grant.
output "editors" {
  value = [
    for g in data.mlflow_experiment_permissions.churn.grants : {
      who  = g.principal
      from = g.inherited ? g.inherited_from_path : "the experiment itself"
    } if g.level != "CAN_READ"
  ]
}
