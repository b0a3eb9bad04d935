import {
  to = mlflow_role_member.carla
  id = "role=on-call,user=carla"
}
