import {
  to = mlflow_user.ana
  identity = {
    username = "ana"
  }
}
