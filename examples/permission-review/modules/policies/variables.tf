variable "review" {
  description = "Data source mlflow_permission_review, without the grants of admins."
  type = object({
    experiments = list(object({ name = string }))
    grants = list(object({
      experiment_name = string
      principal       = string
      kind            = string
      level           = string
      inherited       = bool
    }))
    unreadable    = list(object({ experiment_name = string, experiment_kind = string, reason = string }))
    default_level = optional(string)
  })
}

variable "principals" {
  description = "Data source mlflow_principals."
  type = object({
    principals = list(object({ kind = string, name = string, exists = bool, active = bool }))
    members    = optional(list(object({ group = string, kind = string, name = string })), [])
    everybody  = optional(list(string), [])
    incomplete = list(object({ kind = string, name = string, reason = string }))
  })
}

variable "access" {
  description = "Result of the function effective_access, with a prefix in separated as experiment_name."
  type        = list(object({ experiment_name = string, kind = string, principal = string, level = string }))
}

variable "decisions" {
  description = "Result of the function review_decisions."
  type = object({
    undecided = list(object({ experiment_name = string, kind = string, principal = string, level = string }))
    stale     = list(object({ experiment_name = string, kind = string, principal = string, level = string, decided_level = string }))
    expired   = list(object({ experiment_name = string, kind = string, principal = string, level = string, until = string }))
    revoked   = list(object({ experiment_name = string, kind = string, principal = string, level = string, inherited_from = string }))
  })
}

variable "exceptions" {
  description = "Accepted violations: policy, violation as listed, last day of the exception (YYYY-MM-DD), name of the approver, and reason."
  type        = list(object({ policy = string, violation = string, until = string, approved_by = string, reason = string }))

  validation {
    condition     = alltrue([for e in var.exceptions : can(timeadd("${e.until}T00:00:00Z", "0s"))])
    error_message = "Set until of each exception to its last day, as YYYY-MM-DD."
  }

  validation {
    condition     = alltrue([for e in var.exceptions : trimspace(e.approved_by) != "" && trimspace(e.reason) != ""])
    error_message = "Set approved_by and reason of each exception."
  }
}

variable "today" {
  description = "Date of the review, as YYYY-MM-DD."
  type        = string
}

variable "everybody" {
  description = "Group that contains all users, in addition to those of the data source mlflow_principals."
  type        = string
}

variable "owned_prefix" {
  description = "Prefix of the names of the experiments on which a group must have CAN_MANAGE."
  type        = string
}

variable "direct_users" {
  description = "Users that can have direct grants. Null allows all users."
  type        = list(string)
  default     = []
}

variable "separated" {
  description = "Duties that must be separated: a name, and the prefixes of experiment names. A principal can edit experiments under at most one of the prefixes."
  type        = map(list(string))
  default     = {}
}
