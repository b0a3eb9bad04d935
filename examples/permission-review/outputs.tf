output "markdown" {
  description = "Who may do what as a table, for a pull request or a terminal: terraform output -raw markdown"
  value       = provider::mlflow::permission_matrix(local.page, "markdown")
}

output "html" {
  description = "The same as a page with filters, to look at and to print: terraform output -raw html > review.html"
  value       = provider::mlflow::permission_matrix(local.page, "html")
}

output "violations" {
  description = "What breaks the policies. With enforce, anything in it fails the run."
  value       = { for policy, found in local.violations : policy => found if length(found) > 0 }

  precondition {
    condition     = !var.enforce || length(flatten(values(local.violations))) == 0
    error_message = join("\n", flatten([for policy, found in local.violations : [for f in found : "${policy}: ${f}"]]))
  }
}
