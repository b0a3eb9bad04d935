data "mlflow_experiment" "churn" {
  name = "/Shared/churn"
}

# The five finished runs with the highest AUC.
data "mlflow_runs" "best" {
  experiment_ids = [data.mlflow_experiment.churn.experiment_id]
  status         = ["FINISHED"]
  filter         = "metrics.auc > 0.8"
  order_by       = ["metrics.auc DESC"]
  limit          = 5

  metrics = ["auc"]
  params  = ["learning rate"]
  tags    = ["mlflow.source.git.commit"]
}

output "best_runs" {
  value = [
    for r in data.mlflow_runs.best.runs : {
      run_id        = r.run_id
      auc           = r.metrics["auc"]
      learning_rate = lookup(r.params, "learning rate", null)
      commit        = lookup(r.tags, "mlflow.source.git.commit", null)
    }
  ]
}
