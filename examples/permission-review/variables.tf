variable "today" {
  description = "Date of the review, as YYYY-MM-DD. Decisions and exceptions with an earlier end date no longer apply."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{4}-[0-9]{2}-[0-9]{2}$", var.today)) && can(timeadd("${var.today}T00:00:00Z", "0s"))
    error_message = "Set today to a date such as 2026-12-31, for example with -var today=$(date -u +%F)."
  }
}

variable "title" {
  description = "Title of the page."
  type        = string
  default     = "Permission review"
}

variable "name_prefix" {
  description = "Prefix of the names of the experiments to review. The policies apply only to these. Null selects all experiments that the identity that runs Terraform can read."
  type        = string
  default     = null
}

variable "snapshot_file" {
  description = "Committed snapshot of the last review, relative to this folder. Does not exist before the first review."
  type        = string
  default     = "review.json"
}

variable "decisions_file" {
  description = "CSV file with the decisions of the reviewers, relative to this folder."
  type        = string
  default     = "decisions.csv"
}

variable "exceptions_file" {
  description = "CSV file with the accepted violations of policies and their end dates, relative to this folder."
  type        = string
  default     = "exceptions.csv"
}

variable "everybody" {
  description = "Group that contains all users, in addition to those of the data source mlflow_principals. These groups must not have CAN_MANAGE on an experiment."
  type        = string
  default     = "users"
}

variable "owned_prefix" {
  description = "Prefix of the names of the experiments on which a group must have CAN_MANAGE."
  type        = string
  default     = "/Shared/"
}

variable "direct_users" {
  description = "Users that can have direct grants. All other users must have access through a group. Null allows all users."
  type        = list(string)
  default     = []
}

variable "separated" {
  description = "Duties that must be separated: a name, and the prefixes of experiment names. A principal can edit experiments under at most one of the prefixes."
  type        = map(list(string))
  default     = { "develop and validate" = ["/Projects/", "/Validation/"] }
}

variable "enforce" {
  description = "Fail the run instead of warning if a policy is violated."
  type        = bool
  default     = false
}
