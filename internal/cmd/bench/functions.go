package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// The configurations of a row with a function read a review of two dates and its principals from JSON. A check block evaluates the function
// in each plan, and leaves the plan empty. The floor calls a trivial function instead, because each plan with a function starts the
// provider.
const (
	readBlock = `
locals {
  review     = jsondecode(file("${path.module}/review.json"))
  later      = jsondecode(file("${path.module}/later.json"))
  principals = jsondecode(file("${path.module}/principals.json"))
}

check "measured" {
  assert {
    condition     = %s
    error_message = "The result is empty."
  }
}
`
	readCondition = "length(local.review.grants) + length(local.later.grants) + length(local.principals.members) > 0"
	floorFunction = `provider::mlflow::parse_experiment_url("https://example.com/ml/experiments/1280").experiment_id == "1280"`
)

// The size of the review: 200 principals in groups that are members of each other, as a binary tree.
const (
	reviewedExperiments = 1000
	reviewedGroups      = 40
	reviewedUsers       = 160
)

// writeFunction writes the configuration that calls the function of a row.
func writeFunction(folder, _ string, r row, _ []experiment) error {
	return writeCall(folder, r.function)
}

// writeReading writes the floor of writeFunction.
func writeReading(folder, _ string, _ row, _ []experiment) error {
	return writeCall(folder, floorFunction)
}

func writeCall(folder, call string) error {
	text := requiredBlock + fmt.Sprintf(readBlock, readCondition+" && "+call)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	// The variables of series.variables need no declaration: undeclared ones in the environment are ignored.
	if err := os.WriteFile(filepath.Join(folder, "main.tf"), []byte(text), 0o600); err != nil {
		return err
	}
	for name, value := range map[string]any{
		"review.json": reviewOf("CAN_READ"), "later.json": reviewOf("CAN_MANAGE"), "principals.json": reviewedPrincipals(),
	} {
		data, err := json.Marshal(value)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func userName(i int) string  { return fmt.Sprintf("user%03d@example.com", i%reviewedUsers) }
func groupName(i int) string { return fmt.Sprintf("group%02d", i%reviewedGroups) }

// reviewOf returns a review with four grants on each experiment. On every tenth one, the user has the given level.
func reviewOf(level string) map[string]any {
	var grants, experiments []map[string]any
	for i := range reviewedExperiments {
		id, name := fmt.Sprint(100_000+i), fmt.Sprintf("/Projects/team%02d/experiment%04d", i%20, i)
		experiments = append(experiments, map[string]any{"id": id, "name": name, "owner": userName(i)})
		add := func(kind, principal, level string, from ...string) {
			grants = append(grants, map[string]any{
				"experiment_id": id, "experiment_name": name, "kind": kind, "principal": principal, "level": level, "inherited": len(from) > 0,
				"inherited_from": append([]string{}, from...), "effective": true,
			})
		}
		add("group", "admins", "CAN_MANAGE", "/directories/")
		add("group", groupName(i), "CAN_EDIT")
		add("group", groupName(i*7), "CAN_READ", fmt.Sprintf("/directories/%d", i%20))
		if i%10 > 0 {
			add("user", userName(i), "CAN_EDIT")
		} else {
			add("user", userName(i), level)
		}
	}
	return map[string]any{"grants": grants, "experiments": experiments}
}

// reviewedPrincipals returns the users and groups, and the members of the groups.
func reviewedPrincipals() map[string]any {
	var principals, members []map[string]any
	for i := range reviewedUsers {
		principals = append(principals, map[string]any{"kind": "user", "name": userName(i), "exists": true, "active": true})
		for group, via := i%reviewedGroups, []string{}; ; group = (group - 1) / 2 {
			members = append(members, map[string]any{"group": groupName(group), "kind": "user", "name": userName(i), "via": via})
			via = append([]string{groupName(group)}, via...)
			if group == 0 {
				break
			}
		}
	}
	for i := range reviewedGroups {
		principals = append(principals, map[string]any{"kind": "group", "name": groupName(i), "exists": true, "active": true})
	}
	return map[string]any{"principals": principals, "members": members}
}
