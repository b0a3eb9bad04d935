variable "name_prefix" {
  description = "Name prefix of the experiments to import, for example /Projects/risk/. Defaults to all experiments that you can read."
  type        = string
  default     = null
}

variable "permissions" {
  description = "Whether to import permissions. Requires CAN_MANAGE on each experiment. Must be false on a server without access control."
  type        = bool
  default     = true
}

variable "default_tags" {
  description = "The default_tags of the provider that will manage the experiments. Equal tags of experiments are left out."
  type        = map(string)
  default     = {}
}
