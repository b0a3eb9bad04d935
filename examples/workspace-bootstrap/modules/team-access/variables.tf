variable "experiment_id" {
  description = "Id of the experiment."
  type        = string
}

variable "team" {
  description = "Group that works on the experiment."
  type        = string
}

variable "lead" {
  description = "E-mail address of the one who answers for the experiment."
  type        = string
}

variable "readers" {
  description = "Groups that may look."
  type        = list(string)
  default     = []
}

variable "service_principals" {
  description = "Application ids of the service principals that log runs."
  type        = list(string)
  default     = []
}
