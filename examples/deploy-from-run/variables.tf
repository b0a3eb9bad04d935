variable "experiment_name" {
  description = "Name of the experiment that contains the run. On Databricks, a workspace path."
  type        = string
  default     = "/Projects/retail/churn"
}

variable "tag" {
  description = "Tag that the run to deploy has, and its value."
  type        = object({ key = string, value = string })
  default     = { key = "release", value = "candidate" }

  validation {
    condition     = alltrue([for text in values(var.tag) : can(regex("^[\\w.-]+$", text))])
    error_message = "Use only letters, digits, underscores, periods, and hyphens in key and value: both become part of a search filter."
  }
}

variable "metric" {
  description = "Metric by which the run is selected, and its minimum."
  type        = object({ key = string, minimum = number })
  default     = { key = "auc", minimum = 0.9 }

  validation {
    condition     = can(regex("^[\\w.-]+$", var.metric.key))
    error_message = "Use only letters, digits, underscores, periods, and hyphens in key: it becomes part of a search filter."
  }
}

variable "max_age_days" {
  description = "Maximum age of the run to deploy, in days since it ended."
  type        = number
  default     = 30
}

variable "artifact_path" {
  description = "Directory to deploy, relative to the artifact location of the run."
  type        = string
  default     = "deployment"
}

variable "required_files" {
  description = "Files that must exist in artifact_path."
  type        = set(string)
  default     = ["manifest.json"]
}

variable "now" {
  description = "Time of the deployment, in RFC 3339. Null uses the time of the plan."
  type        = string
  default     = null
}
