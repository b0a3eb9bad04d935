locals {
  oldest = timeadd(coalesce(var.now, plantimestamp()), "-${24 * var.max_age_days}h")
  commit = "mlflow.source.git.commit" # set by MLflow clients that run in a Git repository
}

# The candidate with the highest value of the metric. The minimum is part of the filter, which excludes runs whose value is not a number.
module "read" {
  source = "./modules/read"

  experiment_name = var.experiment_name
  filter          = "tags.`${var.tag.key}` = '${var.tag.value}' AND metrics.`${var.metric.key}` >= ${var.metric.minimum}"
  metric          = var.metric.key
  tags            = [var.tag.key, local.commit]
  artifact_path   = var.artifact_path
}

locals {
  run   = one(module.read.runs)
  files = { for f in module.read.files : trimprefix(f.path, "${var.artifact_path}/") => f.file_size if !f.is_dir }
}

# Warns if the run can be deployed but not reproduced.
check "reproducible" {
  assert {
    condition     = local.run == null || can(local.run.tags[local.commit])
    error_message = "The run has no tag ${local.commit}: it was not started from a Git repository."
  }
}
