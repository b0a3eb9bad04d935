variable "root_folder" {
  description = "Only experiments whose names begin so are looked for."
  type        = string
  default     = "/Projects/"
}

variable "experiments" {
  description = "Name to id of the experiments that the rules may be about. Default: those that are found below root_folder."
  type        = map(string)
  default     = null
}
