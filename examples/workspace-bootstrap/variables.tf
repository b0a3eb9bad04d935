variable "root_folder" {
  description = "Workspace folder that all experiments go below. Not /Shared: everybody holds CAN_MANAGE there."
  type        = string
  default     = "/Projects"

  validation {
    condition     = substr(var.root_folder, 0, 1) == "/" && substr(var.root_folder, -1, 1) != "/"
    error_message = "The folder must be an absolute path without a slash at its end, such as /Projects."
  }
}

variable "environment" {
  description = "Goes into the tag environment of every experiment."
  type        = string
  default     = "dev"
}

variable "deletion_policy" {
  description = "What destroying an experiment does: delete, delete_if_empty, retain or prevent."
  type        = string
  default     = "delete_if_empty"
}
