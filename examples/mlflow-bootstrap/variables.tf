variable "initial_passwords" {
  description = "Passwords by username, at least 12 characters each. Not stored in the plan or the state."
  type        = map(string)
  ephemeral   = true
  sensitive   = true
}

variable "password_version" {
  description = "Version of the passwords. Increase it to set all passwords again."
  type        = number
  default     = 1
}

variable "workspace_deletion_policy" {
  description = "Deletion policy of the workspaces: delete_if_empty, or retain to only remove them from the state on destroy."
  type        = string
  default     = "delete_if_empty"
}
