package main_test

import rego.v1

import data.main

# A plan with one change of a resource with the address mlflow_x.this.
plan(type, change) := {"resource_changes": [{
	"address": "mlflow_x.this",
	"type": type,
	"change": object.union({"actions": ["create"], "before": null, "after": null, "after_unknown": {}}, change),
}]}

permissions(attributes) := plan("mlflow_experiment_permissions", {"after": attributes})

experiment(attributes) := plan("mlflow_experiment", {"after": object.union({"name": "/Projects/churn"}, attributes)})

test_group_of_all_users if {
	main.deny == {"mlflow_x.this: group \"users\" contains all users, and can have only CAN_READ, not CAN_EDIT."} with input as permissions({"groups": {"users": "CAN_EDIT"}})
	main.deny == set() with input as permissions({"groups": {"users": "CAN_READ", "risk": "CAN_MANAGE"}})
}

test_single_grant if {
	single := {"group_name": "account users", "permission_level": "CAN_MANAGE"}
	count(main.deny) == 1 with input as plan("mlflow_experiment_permission", {"after": single})
	count(main.deny) == 0 with input as plan("mlflow_experiment_permission", {"after": {"user_name": "ana@example.com", "permission_level": "CAN_MANAGE"}})
}

test_unknown_groups if {
	every unknown in [{"groups": true}, {"groups": {"risk": true}}, {"permission_level": true}] {
		count(main.deny) == 1 with input as plan("mlflow_folder_permissions", {"after": {}, "after_unknown": unknown})
	}
	count(main.deny) == 0 with input as plan("mlflow_folder_permissions", {"after": {}, "after_unknown": {"id": true, "groups": {}}})
}

test_caller_access if {
	count(main.deny) == 1 with input as permissions({"keep_caller_access": false})
	count(main.deny) == 0 with input as permissions({"keep_caller_access": null})
}

test_team_tag if {
	main.deny == {"mlflow_x.this: experiment \"/Projects/churn\" has no tag \"team\"."} with input as experiment({"tags_all": {"stage": "prod"}})
	count(main.deny) == 1 with input as experiment({"tags_all": null})
	count(main.deny) == 0 with input as experiment({"tags_all": {"team": "risk"}})
	count(main.deny) == 0 with input as plan("mlflow_experiment", {"after": {"name": "n"}, "after_unknown": {"tags_all": true}})
	count(main.deny) == 0 with input as plan("mlflow_experiment", {"after": {"name": "n", "tags_all": {}}, "after_unknown": {"tags_all": {"team": true}}})
}

test_deletion if {
	before := {"name": "/Projects/churn", "deletion_policy": "delete"}
	every actions in [["delete"], ["delete", "create"]] {
		"mlflow_x.this: the plan deletes experiment \"/Projects/churn\" with its runs." in main.deny with input as plan("mlflow_experiment", {"actions": actions, "before": before})
	}
	count(main.deny) == 0 with input as plan("mlflow_experiment", {"actions": ["delete"], "before": object.union(before, {"deletion_policy": null})})
}

test_no_change if {
	count(main.deny) == 0 with input as plan("mlflow_experiment_permissions", {"actions": ["no-op"], "after": {"groups": {"users": "CAN_EDIT"}}})
}

# The input of HCP Terraform and Spacelift.
test_nested_plan if {
	p := permissions({"groups": {"users": "CAN_EDIT"}})
	count(main.deny) == 1 with input as {"plan": p, "run": {}}
	count(main.deny) == 1 with input as {"terraform": p, "spacelift": {}}
}
