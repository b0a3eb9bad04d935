output "html" {
  description = "Review as a page to read and print: terraform output -raw html > review.html"
  value = provider::mlflow::permission_matrix(local.review, "html", {
    title = var.title
    as_of = var.today
    scope = var.name_prefix == null ? "All experiments" : "Experiments whose names start with ${var.name_prefix}"
  })
}

output "markdown" {
  description = "Review as a table for a pull request or a terminal: terraform output -raw markdown"
  value       = provider::mlflow::permission_matrix(local.review, "markdown")
}

output "snapshot" {
  description = "Grants as JSON to commit: terraform output -raw snapshot > review.json"
  value       = local.snapshot
}

output "changes" {
  description = "Changes since the committed snapshot, for the pull request: terraform output -raw changes"
  value       = local.first_review ? "This is the first review.\n" : local.changes.summary
}

output "changed" {
  description = "Whether grants differ from the committed snapshot."
  value       = local.changes.changed
}

output "to_decide" {
  description = "CSV lines of the grants that require a decision and are not in the file yet: terraform output -raw to_decide >> decisions.csv"
  value       = local.decisions.to_decide
}

output "decisions" {
  description = "Number of grants by the state of their decision."
  value       = local.decisions.counts
}

output "revoke" {
  description = "Grants that still exist although a reviewer decided to revoke them."
  value       = module.policies.found["Revoked grant still exists"]
}

output "exceptions" {
  description = "Violations that are accepted until a date."
  value       = module.policies.accepted
}

output "violations" {
  description = "Violations of the policies, without accepted ones. With enforce, any violation fails the run."
  value       = { for policy, found in local.violations : policy => found if length(found) > 0 }

  precondition {
    condition     = !var.enforce || length(flatten(values(local.violations))) == 0
    error_message = join("\n", [for policy, found in local.listed : "${policy}:\n${found}" if found != ""])
  }
}
