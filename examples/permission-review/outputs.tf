output "table" {
  description = "Who may do what, to read. Inherited levels carry a star, application ids are shortened."
  value       = local.table
}

output "grants" {
  description = "Every grant as an object, for other programs: terraform output -json grants"
  value       = local.grants
}
