variable "access" {
  description = "Objects on which access by team is granted: folders (only on Databricks), or experiments."
  type        = string
  default     = "folders"

  validation {
    condition     = contains(["folders", "experiments"], var.access)
    error_message = "The access must be \"folders\" or \"experiments\"."
  }
}

variable "root_folder" {
  description = "Prefix of all names, on Databricks a workspace folder. Not /Shared, where all users have CAN_MANAGE."
  type        = string
  default     = "/Projects"

  validation {
    condition     = substr(var.root_folder, 0, 1) == "/" && substr(var.root_folder, -1, 1) != "/"
    error_message = "The folder must be an absolute path without a trailing slash, such as /Projects."
  }
}

variable "service_principals" {
  description = "Application IDs of the service principals that log runs, by team. Must be {} on an MLflow server, which has none."
  type        = map(list(string))
  default     = { "ml-platform" = ["6f1c2a34-5b67-4c89-9d01-23456789abcd"] }
}

variable "environment" {
  description = "Value of the tag environment of all experiments."
  type        = string
  default     = "dev"
}

variable "deletion_policy" {
  description = "Deletion policy of the experiments: delete_if_empty, delete, retain, or prevent."
  type        = string
  default     = "delete_if_empty"
}
