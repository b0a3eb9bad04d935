# EXPERIMENT_ID/KEY; the key may hold slashes.
terraform import mlflow_experiment_tag.reviewed 1280664374380606/risk/reviewed
