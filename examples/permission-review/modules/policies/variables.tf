variable "review" {
  description = "What the data source mlflow_permission_review gives."
  type = object({
    experiments = list(object({ name = string }))
    grants = list(object({
      experiment_name = string
      principal       = string
      kind            = string
      level           = string
      inherited       = bool
      inherited_from  = list(string)
    }))
    unreadable = list(object({ experiment_name = string, experiment_kind = string, reason = string }))
  })
}

variable "everybody" {
  description = "The group that everybody is in."
  type        = string
}

variable "owned_prefix" {
  description = "Where every experiment needs a group that holds CAN_MANAGE."
  type        = string
}

variable "people" {
  description = "Who may hold a grant in person. Null allows anybody."
  type        = list(string)
  default     = null
}
