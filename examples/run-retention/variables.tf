variable "experiments" {
  description = "Names of the experiments whose runs are deleted. Runs of other experiments are never deleted."
  type        = set(string)
  default     = ["/Projects/retail/churn"]

  validation {
    condition     = length(var.experiments) > 0
    error_message = "Name at least one experiment."
  }
}

variable "keep_days" {
  description = "Number of days that a run is kept, counted from its start time."
  type        = number
  default     = 90

  validation {
    condition     = var.keep_days >= 1 && floor(var.keep_days) == var.keep_days
    error_message = "Set keep_days to a whole number of at least 1."
  }
}

variable "filter" {
  description = "Search filter that the runs to delete match. A run without the tag does not match, so runs are kept unless training marks them."
  type        = string
  default     = "tags.retention = 'temporary' AND attributes.status != 'RUNNING'"
}

variable "max_runs" {
  description = "Maximum number of runs that one night deletes. At most 1,000, so that the list of what was deleted is complete."
  type        = number
  default     = 500

  validation {
    condition     = var.max_runs >= 1 && var.max_runs <= 1000
    error_message = "Set max_runs to a number from 1 to 1000."
  }
}

variable "run_ids" {
  description = "IDs of the runs that the action mlflow_restore_runs.undo restores: the content of evidence/undo.tfvars.json."
  type        = list(string)
  default     = []
}
