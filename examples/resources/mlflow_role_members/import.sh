# The name of the role.
terraform import mlflow_role_members.analysts analysts
