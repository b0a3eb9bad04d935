locals {
  # Groups that contain all users.
  everybody = concat([var.everybody], var.principals.everybody)

  # These groups, and groups that contain one of them.
  open_groups = concat(local.everybody, [
    for m in var.principals.members : m.group if m.kind == "group" && contains(local.everybody, m.name)
  ])

  # For each experiment, true for each group that can manage it and does not contain all users.
  owned = {
    for o in concat(
      [for e in var.review.experiments : { name = e.name, owned = false }],
      [
        for g in var.review.grants : { name = g.experiment_name, owned = true }
        if g.kind == "group" && g.level == "CAN_MANAGE" && !contains(local.everybody, g.principal)
      ],
    ) : o.name => o.owned...
  }

  # Prefixes of the names of the experiments that each principal can edit.
  editors = {
    for a in var.access : "${a.kind} ${a.principal}" => a.experiment_name...
    if contains(["CAN_EDIT", "CAN_MANAGE"], a.level)
  }

  # Prefixes in separated under which all users can edit experiments.
  edited_by_all = flatten([for group in local.everybody : [for who, names in local.editors : names if who == "group ${group}"]])
  open = [
    for prefix in distinct(flatten(values(var.separated))) : prefix
    if anytrue([for name in local.edited_by_all : startswith(name, prefix)]) || (
      contains(["CAN_EDIT", "CAN_MANAGE"], coalesce(var.review.default_level, "none")) &&
      length([for e in var.review.experiments : e if startswith(e.name, prefix)]) > 0
    )
  ]

  # Violations by policy.
  found = {
    "All users can manage" = keys(merge(
      {
        for g in var.review.grants : g.experiment_name => true...
        if g.kind == "group" && g.level == "CAN_MANAGE" && contains(local.open_groups, g.principal)
      },
      { for e in var.review.experiments : e.name => true... if var.review.default_level == "CAN_MANAGE" },
    ))
    "No group can manage" = [
      for name, owned in local.owned : name
      if startswith(name, var.owned_prefix) && !anytrue(owned)
    ]
    "User has a direct grant" = [
      for g in var.review.grants : "${g.experiment_name}: ${g.principal}"
      if g.kind == "user" && !g.inherited && !contains(coalesce(var.direct_users, [g.principal]), g.principal)
    ]
    "Duties are not separated" = flatten([
      for duties, prefixes in var.separated : [
        for who, names in local.editors : "${duties}: ${who}"
        if length([
          for prefix in prefixes : prefix
          if anytrue([for name in names : startswith(name, prefix)]) || contains(local.open, prefix)
        ]) > 1
      ]
    ])
    "Principal is deleted or inactive" = [
      for p in var.principals.principals : "${p.kind} ${p.name}: ${p.exists ? "inactive" : "deleted"}"
      if !p.exists || !p.active
    ]
    # Experiments of notebooks are excluded, because they have the permissions of the notebook.
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

  # Exceptions by policy and violation, null without one. An exception applies through its last day.
  exceptions = {
    for policy, found in local.found : policy => merge(
      { for f in found : f => null... },
      {
        for e in var.exceptions : e.violation => e...
        if e.policy == policy && timecmp("${e.until}T00:00:00Z", "${var.today}T00:00:00Z") >= 0
      },
    )
  }
  policies = keys(local.found)
}

output "found" {
  description = "All violations by policy, including accepted ones."
  value       = local.found

  precondition {
    condition     = alltrue([for e in var.exceptions : contains(local.policies, e.policy)])
    error_message = "An exception names a policy that does not exist. Policies: ${join(", ", local.policies)}."
  }
}

output "violations" {
  description = "Violations by policy, without accepted ones. All policies are met if all lists are empty."
  value       = { for policy, found in local.found : policy => [for f in found : f if local.exceptions[policy][f][0] == null] }
}

output "accepted" {
  description = "Accepted violations that exist, with the end date, the approver, and the reason."
  value = flatten([
    for policy, found in local.found : [for f in found : local.exceptions[policy][f][0] if local.exceptions[policy][f][0] != null]
  ])
}
