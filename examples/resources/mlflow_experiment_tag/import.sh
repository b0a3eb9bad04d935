# EXPERIMENT_ID/KEY. The key can contain slashes.
terraform import mlflow_experiment_tag.reviewed 1280664374380606/risk/reviewed
