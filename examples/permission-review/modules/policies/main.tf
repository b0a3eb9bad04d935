locals {
  # Groups that contain all users.
  everybody = concat([var.everybody], var.principals.everybody)

  # The same, and groups that have one of them as a member.
  open_groups = concat(local.everybody, [
    for m in var.principals.members : m.group if m.kind == "group" && contains(local.everybody, m.name)
  ])

  # Experiments that a group other than all users can manage.
  owned = {
    for g in var.review.grants : g.experiment_name => true...
    if g.kind == "group" && g.level == "CAN_MANAGE" && !contains(local.everybody, g.principal)
  }

  # Who can edit experiments, by start of the experiment name.
  editors = {
    for prefix in distinct(flatten(values(var.separated))) : prefix => toset([
      for a in var.access : "${a.kind} ${a.principal}"
      if startswith(a.experiment_name, prefix) && contains(["CAN_EDIT", "CAN_MANAGE"], a.level)
    ])
  }

  # Starts of experiment names that all users can edit.
  open = [
    for prefix, editors in local.editors : prefix
    if anytrue([for group in local.everybody : contains(editors, "group ${group}")]) || (
      contains(["CAN_EDIT", "CAN_MANAGE"], coalesce(var.review.default_level, "none")) &&
      anytrue([for e in var.review.experiments : startswith(e.name, prefix)])
    )
  ]

  # Each policy with its violations.
  found = {
    "All users can manage" = distinct(concat(
      [for g in var.review.grants : g.experiment_name if g.kind == "group" && g.level == "CAN_MANAGE" && contains(local.open_groups, g.principal)],
      [for e in var.review.experiments : e.name if var.review.default_level == "CAN_MANAGE"],
    ))
    "No group can manage" = [
      for e in var.review.experiments : e.name
      if startswith(e.name, var.owned_prefix) && !can(local.owned[e.name])
    ]
    "User has a direct grant" = [
      for g in var.review.grants : "${g.experiment_name}: ${g.principal}"
      if g.kind == "user" && !g.inherited && !contains(coalesce(var.direct_users, [g.principal]), g.principal)
    ]
    "Duties are not separated" = flatten([
      for duties, prefixes in var.separated : [
        for who in distinct(flatten([for prefix in prefixes : tolist(local.editors[prefix])])) : "${duties}: ${who}"
        if length([for prefix in prefixes : prefix if contains(local.editors[prefix], who) || contains(local.open, prefix)]) > 1
      ]
    ])
    "Principal is deleted or inactive" = [
      for p in var.principals.principals : "${p.kind} ${p.name}: ${p.exists ? "inactive" : "deleted"}"
      if !p.exists || !p.active
    ]
    # Experiments of notebooks have the permissions of the notebook, and are reviewed there.
    "Could not be read" = concat(
      [for u in var.review.unreadable : "${u.experiment_name}: ${u.reason}" if u.experiment_kind == "workspace"],
      [for i in var.principals.incomplete : "${i.kind} ${i.name}: ${i.reason}"],
    )
    "Grant is not decided" = concat(
      [for d in var.decisions.undecided : "${d.experiment_name}: ${d.kind} ${d.principal} ${d.level}"],
      [for d in var.decisions.stale : "${d.experiment_name}: ${d.kind} ${d.principal} ${d.level}, decided for ${d.decided_level}"],
      [for d in var.decisions.expired : "${d.experiment_name}: ${d.kind} ${d.principal} ${d.level}, decided until ${d.until}"],
    )
    "Revoked grant still exists" = [
      for d in var.decisions.revoked :
      "${d.experiment_name}: ${d.kind} ${d.principal} ${d.level}${d.inherited_from == null ? "" : ", inherited from ${d.inherited_from}"}"
    ]
  }

  # Exceptions apply through their last day.
  accepted = {
    for e in var.exceptions : "${e.policy}: ${e.violation}" => e...
    if timecmp("${e.until}T00:00:00Z", "${var.today}T00:00:00Z") >= 0
  }
}

output "found" {
  description = "All violations by policy, including accepted ones."
  value       = local.found

  precondition {
    condition     = alltrue([for e in var.exceptions : can(local.found[e.policy])])
    error_message = "An exception names a policy that does not exist. Policies: ${join(", ", keys(local.found))}."
  }
}

output "violations" {
  description = "Violations by policy, without accepted ones. All policies are met if all lists are empty."
  value       = { for policy, found in local.found : policy => [for f in found : f if !can(local.accepted["${policy}: ${f}"])] }
}

output "accepted" {
  description = "Accepted violations that exist, with the end date, the approver, and the reason."
  value = flatten([
    for policy, found in local.found : [for f in found : local.accepted["${policy}: ${f}"][0] if can(local.accepted["${policy}: ${f}"])]
  ])
}
