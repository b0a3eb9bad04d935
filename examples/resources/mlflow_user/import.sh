# The username, case-sensitive.
terraform import mlflow_user.ana ana
