import {
  to = mlflow_role_members.analysts
  id = "analysts"
}
