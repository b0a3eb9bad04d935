variable "name_prefix" {
  description = "Which experiments to look at, by the beginning of their names. Null looks at all that you may read."
  type        = string
  default     = "/Projects/"
}

variable "everybody" {
  description = "The group that everybody is in. It must not hold CAN_MANAGE anywhere."
  type        = string
  default     = "users"
}

variable "owned_prefix" {
  description = "Where every experiment needs a group that holds CAN_MANAGE, by the beginning of the names."
  type        = string
  default     = "/Shared/"
}

variable "people" {
  description = "Who may hold a grant in person. Everybody else gets access by a group. Null allows anybody."
  type        = list(string)
  default     = null
}

variable "enforce" {
  description = "Fail instead of warning when a policy is broken."
  type        = bool
  default     = false
}
