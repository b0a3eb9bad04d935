variable "experiments" {
  description = "Experiments by id, as the data source mlflow_experiments gives them."
  type        = map(object({ name = string, description = string, tags = map(string) }))
}

variable "grants" {
  description = "Grants by experiment id, as the data source mlflow_experiment_permissions gives them. Null leaves permissions out."
  type        = map(list(object({ principal = string, kind = string, level = string, inherited = bool })))
  default     = null
}

variable "default_tags" {
  description = "Tags that the provider gives every experiment anyway."
  type        = map(string)
  default     = {}
}
