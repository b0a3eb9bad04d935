locals {
  # Admins may do everything everywhere. They are left out, so that what was granted to the others can be seen.
  grants = [for g in var.review.grants : g if g.principal != "admins" && !contains(g.inherited_from, "admin")]

  # Experiments that some group is responsible for.
  owned = distinct([
    for g in local.grants : g.experiment_name
    if g.kind == "group" && g.level == "CAN_MANAGE" && g.principal != var.everybody
  ])
}

# The policies. Each lists what breaks it; all are fulfilled when all lists are empty.
output "violations" {
  value = {
    "Everybody can manage" = distinct([
      for g in local.grants : g.experiment_name
      if g.kind == "group" && g.level == "CAN_MANAGE" && g.principal == var.everybody
    ])
    "No group is responsible" = [
      for e in var.review.experiments : e.name
      if startswith(e.name, var.owned_prefix) && !contains(local.owned, e.name)
    ]
    "Granted to a person who is not on the list" = [
      for g in local.grants : "${g.experiment_name}: ${g.principal}"
      if g.kind == "user" && !g.inherited && !contains(coalesce(var.people, [g.principal]), g.principal)
    ]
    # Experiments of notebooks have the permissions of the notebook, and are reviewed there.
    "Could not be read" = [
      for u in var.review.unreadable : "${u.experiment_name}: ${u.reason}"
      if u.experiment_kind == "workspace"
    ]
  }
}
