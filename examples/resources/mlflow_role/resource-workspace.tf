# A new workspace has the roles "admin" and "user".
resource "mlflow_role" "members" {
  workspace      = "risk"
  name           = "user"
  description    = "Reads everything in the workspace."
  adopt_existing = true

  grants = {
    "workspace/*"        = "USE"
    "experiment/*"       = "READ"
    "registered_model/*" = "READ"
  }
}
