# The name of the workspace.
terraform import mlflow_workspace.risk risk
