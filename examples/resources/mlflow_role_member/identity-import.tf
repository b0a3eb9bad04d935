import {
  to = mlflow_role_member.carla
  identity = {
    role = "on-call"
    user = "carla"
  }
}
