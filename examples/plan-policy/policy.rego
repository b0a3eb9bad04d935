# Policies on the JSON of a plan: terraform show -json PLAN.
package main

import rego.v1

# The plan is the input of the opa command and of Atlantis. HCP Terraform and Spacelift nest it.
changes := input.resource_changes

changes := input.plan.resource_changes

changes := input.terraform.resource_changes

# Resources after a create or an update.
written contains resource if {
	some resource in changes
	some action in resource.change.actions
	action in {"create", "update"}
}

# Grants to groups, as resource address, group, and level.
grants contains [resource.address, group, level] if {
	some resource in written
	resource.type in {"mlflow_experiment_permissions", "mlflow_folder_permissions"}
	some group, level in resource.change.after.groups
}

grants contains [resource.address, after.group_name, after.permission_level] if {
	some resource in written
	resource.type == "mlflow_experiment_permission"
	after := resource.change.after
}

all_users := {"users", "account users"}

deny contains sprintf("%s: group %q contains all users, and can have only CAN_READ, not %s.", [address, group, level]) if {
	some [address, group, level] in grants
	group in all_users
	level != "CAN_READ"
}

# A level or a whole map that is unknown until apply cannot be checked.
deny contains sprintf("%s: grants to groups are unknown until apply. Apply the resources that they come from first.", [resource.address]) if {
	some resource in written
	some attribute in ["groups", "group_name", "permission_level"]
	walk(resource.change.after_unknown[attribute], [_, true])
}

deny contains sprintf("%s: keep_caller_access = false can lock out the identity that runs Terraform.", [resource.address]) if {
	some resource in written
	resource.change.after.keep_caller_access == false
}

deny contains sprintf("%s: experiment %q has no tag \"team\".", [resource.address, resource.change.after.name]) if {
	some resource in written
	resource.type == "mlflow_experiment"
	not resource.change.after.tags_all.team
	not resource.change.after_unknown.tags_all == true
	not resource.change.after_unknown.tags_all.team
}

deny contains sprintf("%s: the plan deletes experiment %q with its runs.", [resource.address, before.name]) if {
	some resource in changes
	resource.type == "mlflow_experiment"
	"delete" in resource.change.actions
	before := resource.change.before
	before.deletion_policy == "delete"
}
