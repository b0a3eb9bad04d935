variable "root_folder" {
  description = "What all names begin with; on Databricks a workspace folder. Not /Shared: everybody holds CAN_MANAGE there."
  type        = string
  default     = "/Projects"

  validation {
    condition     = substr(var.root_folder, 0, 1) == "/" && substr(var.root_folder, -1, 1) != "/"
    error_message = "The folder must be an absolute path without a slash at its end, such as /Projects."
  }
}

variable "service_principals" {
  description = "Application ids of the service principals that log runs, by team. MLflow servers have none: set it to {} there."
  type        = map(list(string))
  default     = { "ml-platform" = ["6f1c2a34-5b67-4c89-9d01-23456789abcd"] }
}

variable "environment" {
  description = "Goes into the tag environment of every experiment."
  type        = string
  default     = "dev"
}

variable "deletion_policy" {
  description = "Deletion policy of the experiments: delete_if_empty, delete, retain, or prevent."
  type        = string
  default     = "delete_if_empty"
}
