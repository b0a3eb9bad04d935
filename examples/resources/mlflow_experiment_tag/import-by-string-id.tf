import {
  to = mlflow_experiment_tag.reviewed
  id = "${data.mlflow_experiment.churn.id}/risk/reviewed"
}
