# A precondition that fails also fails the plan, so no resource that uses the run is created or changed.
output "run" {
  description = "ID, name, and metric of the run to deploy."
  value       = local.run == null ? null : { id = local.run.run_id, name = local.run.run_name, metric = local.run.metrics[var.metric.key] }

  precondition {
    condition     = local.run != null
    error_message = "No run of ${var.experiment_name} has the tag ${var.tag.key} = ${var.tag.value} and ${var.metric.key} of at least ${var.metric.minimum}."
  }

  precondition {
    condition     = !module.read.has_more
    error_message = "Several runs of ${var.experiment_name} have the tag ${var.tag.key} = ${var.tag.value}. Remove the tag from all but the run to deploy."
  }

  precondition {
    condition     = try(local.run.status, "FINISHED") == "FINISHED"
    error_message = "The run with the tag ${var.tag.key} = ${var.tag.value} did not finish successfully: its status is ${try(local.run.status, "unknown")}."
  }

  precondition {
    condition     = try(local.run.status != "FINISHED" || timecmp(local.run.end_time, local.oldest) >= 0, local.run == null)
    error_message = "The run with the tag ${var.tag.key} = ${var.tag.value} ended more than ${var.max_age_days} days ago. Train again, or raise max_age_days."
  }
}

output "artifact_uri" {
  description = "URI of the directory to deploy."
  value       = local.run == null ? null : "${local.run.artifact_uri}/${var.artifact_path}"
}

output "git_commit" {
  description = "Git commit that the run was started from. Null if the run does not have it."
  value       = try(local.run.tags[local.commit], null)
}

output "files" {
  description = "Files directly in the directory to deploy, and their sizes in bytes."
  value       = local.files

  precondition {
    condition     = local.run == null || length(setsubtract(var.required_files, keys(local.files))) == 0
    error_message = "The run does not have all of ${join(", ", var.required_files)} in ${var.artifact_path}."
  }
}
