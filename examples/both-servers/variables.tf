variable "name_prefix" {
  description = "Prefix of all experiment names. On Databricks, a folder, which is created if it does not exist."
  type        = string
  default     = "/Projects/retail/"
}

variable "users" {
  description = "Permission levels on every experiment by user: CAN_READ, CAN_EDIT, or CAN_MANAGE. The users must exist."
  type        = map(string)
  default = {
    "ana@example.com" = "CAN_MANAGE"
    "ben@example.com" = "CAN_READ"
  }
}
