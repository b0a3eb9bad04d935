resource "mlflow_role_member" "carla" {
  role = "on-call"
  user = "carla"
}
