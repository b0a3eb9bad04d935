variable "name_prefix" {
  description = "What every experiment's name begins with: a folder on Databricks, which is made if it is missing; free text on an MLflow server."
  type        = string
  default     = "/Projects/retail/"
}

variable "users" {
  description = "Who may do what on every experiment, by user name: CAN_READ, CAN_EDIT or CAN_MANAGE. The users have to exist."
  type        = map(string)
  default = {
    "ana@example.com" = "CAN_MANAGE"
    "ben@example.com" = "CAN_READ"
  }
}
