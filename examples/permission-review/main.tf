# All requests to the server are in this module, so that tests can replace it.
module "read" {
  source = "./modules/read"

  name_prefix = var.name_prefix
}

locals {
  review     = module.read.review
  principals = module.read.principals

  # Who can edit experiments under each name prefix of separated duties, with groups resolved to their members. One object per principal and
  # prefix instead of per experiment keeps large reviews fast. The rights of admins of an MLflow server are excluded.
  edit_grants = {
    for g in flatten([
      for prefix in distinct(flatten(values(var.separated))) : [
        for g in local.review.grants : { experiment_name = prefix, kind = g.kind, principal = g.principal, level = g.level }
        if startswith(g.experiment_name, prefix) && (g.level == "CAN_EDIT" || g.level == "CAN_MANAGE") && !contains(g.inherited_from, "workspace")
      ]
    ]) : "${g.experiment_name} ${g.kind} ${g.principal} ${g.level}" => g...
  }
  access = provider::mlflow::effective_access(
    [for same in local.edit_grants : same[0]],
    merge(local.principals, { principals = [for p in local.principals.principals : merge(p, { admin = false })] }),
  )

  # Changes since the committed snapshot. The first review has no snapshot and is compared with itself.
  snapshot      = provider::mlflow::review_snapshot(local.review)
  snapshot_file = "${path.module}/${var.snapshot_file}"
  first_review  = !fileexists(local.snapshot_file)
  changes       = provider::mlflow::review_diff(local.first_review ? local.snapshot : file(local.snapshot_file), local.review)

  # Decisions of the reviewers, from the CSV file that they edit. Spreadsheets can write a byte order mark (U+FEFF) at its start.
  decisions = provider::mlflow::review_decisions(local.review, csvdecode(trimprefix(file("${path.module}/${var.decisions_file}"), "\ufeff")), var.today)
}

# The policies are a module without a provider, so that they can be tested without a server.
module "policies" {
  source = "./modules/policies"

  review       = local.review
  principals   = local.principals
  access       = local.access
  decisions    = local.decisions
  exceptions   = csvdecode(trimprefix(file("${path.module}/${var.exceptions_file}"), "\ufeff"))
  today        = var.today
  everybody    = var.everybody
  owned_prefix = var.owned_prefix
  direct_users = var.direct_users
  separated    = var.separated
}

locals {
  violations = module.policies.violations

  # At most 20 violations of each policy, for messages. The output violations contains all.
  listed = {
    for policy, found in local.violations : policy => join("\n", concat(
      [for i, f in found : f if i < 20],
      length(found) > 20 ? ["and ${length(found) - 20} more"] : [],
    ))
  }
}

# A failed check is a warning, so that the run still writes the page and the snapshot.
check "all_users_cannot_manage" {
  assert {
    condition     = length(local.violations["All users can manage"]) == 0
    error_message = "All users have CAN_MANAGE on:\n${local.listed["All users can manage"]}"
  }
}

check "a_group_can_manage" {
  assert {
    condition     = length(local.violations["No group can manage"]) == 0
    error_message = "No group has CAN_MANAGE on:\n${local.listed["No group can manage"]}"
  }
}

check "no_direct_user_grants" {
  assert {
    condition     = length(local.violations["User has a direct grant"]) == 0
    error_message = "Grant access to a group instead:\n${local.listed["User has a direct grant"]}"
  }
}

check "separation_of_duties" {
  assert {
    condition     = length(local.violations["Duties are not separated"]) == 0
    error_message = "The same principal has both duties:\n${local.listed["Duties are not separated"]}"
  }
}

check "no_inactive_principals" {
  assert {
    condition     = length(local.violations["Principal is deleted or inactive"]) == 0
    error_message = "Revoke the grants and group memberships of:\n${local.listed["Principal is deleted or inactive"]}"
  }
}

check "everything_is_readable" {
  assert {
    condition     = length(local.violations["Could not be read"]) == 0
    error_message = "The review could not read:\n${local.listed["Could not be read"]}"
  }
}

check "every_grant_is_decided" {
  assert {
    condition     = length(local.violations["Grant is not decided"]) == 0
    error_message = "Decide in ${var.decisions_file}:\n${local.listed["Grant is not decided"]}"
  }
}

check "revoked_grants_are_removed" {
  assert {
    condition     = length(local.violations["Revoked grant still exists"]) == 0
    error_message = "Remove from the access configuration, and apply it:\n${local.listed["Revoked grant still exists"]}"
  }
}
