output "experiments" {
  description = "What is there, for experiments.json."
  value = {
    for id, e in local.found : id => {
      name        = e.name
      description = e.description
      tags        = length(local.tags[id]) > 0 ? local.tags[id] : null
      permissions = var.permissions ? { for kind, grants in local.grants[id] : "${kind}s" => length(grants) > 0 ? grants : null } : null
    }
  }
}

# The other way: one block an experiment, which Terraform writes itself.
locals {
  # Labels are made of names. Where two names make the same one, the id tells them apart.
  words  = { for id, e in local.found : id => trim(replace(lower(e.name), "/[^a-z0-9]+/", "_"), "_") }
  twins  = { for id, word in local.words : word => id... }
  labels = { for id, word in local.words : id => length(local.twins[word]) > 1 ? "e_${word}_${id}" : "e_${word}" }
}

output "import_blocks" {
  description = "Import blocks for terraform plan -generate-config-out."
  value = join("\n", flatten([
    for id, label in local.labels : [
      for type in var.permissions ? ["mlflow_experiment", "mlflow_experiment_permissions"] : ["mlflow_experiment"] :
      "import {\n  to = ${type}.${label}\n  id = \"${id}\"\n}\n"
    ]
  ]))
}
