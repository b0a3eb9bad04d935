data "mlflow_current_user" "me" {}

# An experiment of one's own, for whoever runs this.
resource "mlflow_experiment" "scratch" {
  name = "${data.mlflow_current_user.me.home}/scratch"
  tags = { owner = data.mlflow_current_user.me.name }
}
