import {
  to = mlflow_user.ana
  id = "ana"
}
