locals {
  # The server's own tags are left to it, and so are empty ones, which are what is left of removed tags on Databricks.
  tags = {
    for id, e in var.experiments : id => {
      for key, value in e.tags : key => value
      if substr(key, 0, 7) != "mlflow." && value != "" && lookup(var.default_tags, key, "") != value
    }
  }

  # Direct grants by kind and principal. Inherited ones belong to the folders, those of admins to the workspace.
  grants = {
    for id, grants in coalesce(var.grants, {}) : id => {
      for kind in ["group", "user", "service_principal"] : kind => {
        for g in grants : g.principal => g.level if g.kind == kind && !g.inherited && g.principal != "admins"
      }
    }
  }

  # Labels are made of names. Where two names make the same one, the id tells them apart.
  words  = { for id, e in var.experiments : id => trim(replace(lower(e.name), "/[^a-z0-9]+/", "_"), "_") }
  twins  = { for id, word in local.words : word => id... }
  labels = { for id, word in local.words : id => length(local.twins[word]) > 1 ? "e_${word}_${id}" : "e_${word}" }
}

# One object for each experiment, which main.tf of adopt-everything reads.
output "experiments" {
  value = {
    for id, e in var.experiments : id => {
      name        = e.name
      description = e.description
      tags        = length(local.tags[id]) > 0 ? local.tags[id] : null
      permissions = var.grants == null ? null : { for kind, grants in local.grants[id] : "${kind}s" => length(grants) > 0 ? grants : null }
    }
  }
}

# The other way: one block for each, which Terraform writes itself.
output "import_blocks" {
  value = join("\n", flatten([
    for id, label in local.labels : [
      for type in var.grants == null ? ["mlflow_experiment"] : ["mlflow_experiment", "mlflow_experiment_permissions"] :
      "import {\n  to = ${type}.${label}\n  id = \"${id}\"\n}\n"
    ]
  ]))
}
