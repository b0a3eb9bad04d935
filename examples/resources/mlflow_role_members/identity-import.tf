import {
  to = mlflow_role_members.analysts
  identity = {
    role = "analysts"
  }
}
