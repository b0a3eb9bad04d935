import {
  to = mlflow_workspace.risk
  id = "risk"
}
