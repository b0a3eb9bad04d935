# EXPERIMENT_ID/KIND/NAME, where KIND is user, group, or service_principal.
terraform import mlflow_experiment_permission.ana 1280664374380606/user/ana@example.com
