variable "initial_passwords" {
  description = "Password of each account, by username; at least 12 characters. Used when an account is created, and not stored in the state."
  type        = map(string)
  ephemeral   = true
  sensitive   = true
}

variable "password_version" {
  description = "Increase it to set every password again."
  type        = number
  default     = 1
}

variable "workspace_deletion_policy" {
  description = "Deletion policy of the workspaces: delete_if_empty, or retain, which leaves them on the server when they are destroyed."
  type        = string
  default     = "delete_if_empty"
}
