variable "experiments" {
  description = "Experiments by ID, as exported by the data source mlflow_experiments."
  type        = map(object({ name = string, description = string, tags = map(string) }))
}

variable "grants" {
  description = "Grants by experiment ID, as exported by the data source mlflow_experiment_permissions. Null omits permissions."
  type        = map(list(object({ principal = string, kind = string, level = string, inherited = bool })))
  default     = null
}

variable "default_tags" {
  description = "Tags that the provider applies to every experiment."
  type        = map(string)
  default     = {}
}
