variable "root_folder" {
  description = "Only experiments whose names begin so are looked for."
  type        = string
  default     = "/Projects/"
}
