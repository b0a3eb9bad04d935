output "experiments" {
  description = "Content of experiments.json."
  value       = module.configuration.experiments
}

output "import_blocks" {
  description = "Import blocks for terraform plan -generate-config-out."
  value       = module.configuration.import_blocks
}
