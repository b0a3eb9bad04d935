locals {
  # Without the server's own tags, and without empty ones, which remain on Databricks when a tag is removed.
  tags = {
    for id, e in var.experiments : id => {
      for key, value in e.tags : key => value
      if substr(key, 0, 7) != "mlflow." && value != "" && lookup(var.default_tags, key, "") != value
    }
  }

  # Direct grants by kind and principal. Inherited grants belong to the folders, and those of workspace admins cannot be declared.
  grants = {
    for id, grants in coalesce(var.grants, {}) : id => {
      for kind in ["group", "user", "service_principal"] : kind => {
        for g in grants : g.principal => g.level if g.kind == kind && !g.inherited && g.principal != "admins"
      }
    }
  }

  # Resource names, made from experiment names. If two experiments would have the same one, the ID is appended.
  words          = { for id, e in var.experiments : id => trim(replace(lower(e.name), "/[^a-z0-9]+/", "_"), "_") }
  ids_by_word    = { for id, word in local.words : word => id... }
  resource_names = { for id, word in local.words : id => length(local.ids_by_word[word]) > 1 ? "e_${word}_${id}" : "e_${word}" }
}

# One object per experiment, which main.tf of adopt-everything reads.
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

# One import block per resource, for which Terraform generates the configuration.
output "import_blocks" {
  value = join("\n", flatten([
    for id, name in local.resource_names : [
      for type in var.grants == null ? ["mlflow_experiment"] : ["mlflow_experiment", "mlflow_experiment_permissions"] :
      "import {\n  to = ${type}.${name}\n  id = \"${id}\"\n}\n"
    ]
  ]))
}
