variable "root_folder" {
  description = "Prefix of the names of the experiments to look up."
  type        = string
  default     = "/Projects/"
}

variable "experiments" {
  description = "Map of experiment name to ID. Defaults to all experiments under root_folder."
  type        = map(string)
  default     = null
}
