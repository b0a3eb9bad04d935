import {
  to = mlflow_role.members
  identity = {
    workspace = "risk"
    name      = "user"
  }
}
