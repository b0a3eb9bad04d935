# The name of the role, case-sensitive.
terraform import mlflow_role.data_science data-science
