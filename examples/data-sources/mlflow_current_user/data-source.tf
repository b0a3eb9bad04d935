data "mlflow_current_user" "me" {}

# An experiment in the home folder of the current user.
resource "mlflow_experiment" "scratch" {
  name = "${data.mlflow_current_user.me.home}/scratch"
  tags = { owner = data.mlflow_current_user.me.name }
}
