import {
  to = mlflow_workspace.risk
  identity = {
    name = "risk"
  }
}
