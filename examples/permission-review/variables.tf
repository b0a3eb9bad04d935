variable "name_prefix" {
  description = "Which experiments to look at, by the beginning of their names."
  type        = string
  default     = "/Projects/"
}
