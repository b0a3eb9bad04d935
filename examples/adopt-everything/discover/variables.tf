variable "name_prefix" {
  description = "Which experiments to take over, by the beginning of their names, such as /Projects/risk/. Default: all that you may read."
  type        = string
  default     = null
}

variable "permissions" {
  description = "Whether to take over permissions as well. That needs CAN_MANAGE, or an admin; set it to false on a server without access control."
  type        = bool
  default     = true
}

variable "default_tags" {
  description = "The default_tags of the provider that will manage the experiments. What they give anyway is left out of each experiment's tags."
  type        = map(string)
  default     = {}
}
