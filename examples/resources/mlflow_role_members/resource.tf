resource "mlflow_role" "analysts" {
  name = "analysts"

  grants = {
    "workspace/*"  = "USE"
    "experiment/*" = "READ"
  }
}

resource "mlflow_role_members" "analysts" {
  role  = mlflow_role.analysts.name
  users = ["ana", "ben"]
}
