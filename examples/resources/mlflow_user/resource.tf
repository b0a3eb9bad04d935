variable "ana_password" {
  description = "Password of user ana, at least 12 characters."
  type        = string
  sensitive   = true
  ephemeral   = true
}

resource "mlflow_user" "ana" {
  username            = "ana"
  password_wo         = var.ana_password
  password_wo_version = 1 # change it to set the password again
}
