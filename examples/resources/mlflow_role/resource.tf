resource "mlflow_role" "data_science" {
  name        = "data-science"
  description = "Trains and evaluates models."

  grants = {
    "workspace/*"        = "USE"
    "experiment/*"       = "EDIT"
    "registered_model/*" = "READ"
    "prompt/support-bot" = "MANAGE"
  }
}
