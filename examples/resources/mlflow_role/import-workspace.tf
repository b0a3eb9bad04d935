import {
  to = mlflow_role.members
  id = "workspace=risk,name=user"
}
