package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// row is a configuration to measure.
type row struct {
	name string
	// size is the number of experiments in the workspace, and managed the number in the configuration: the oldest ones, which a search
	// returns last.
	size, managed int
	// tags is the number of mlflow_experiment_tag for each experiment, at most len(tagKeys).
	tags int
	// permissions adds an mlflow_experiment_permissions for each experiment, folderPermissions an mlflow_folder_permissions for each folder.
	permissions, folderPermissions bool
	// folders is the number of folders in which an apply creates its experiments.
	folders int
	// apply measures an apply that creates all resources, instead of a plan.
	apply bool
	// plugin adds the plugin floor, which takes several times as long as the other one.
	plugin bool
	// function is the condition that a plan evaluates, which calls a function of the provider. The row then has no resources and no calls.
	function string
	// latency is the delay of each request.
	latency time.Duration
	// target contains the targets of the provider, with or without bulk refresh.
	target target
}

// target contains the targets of a row on two processors. Zero means no target.
type target struct {
	bulk  bool
	calls int
	// planCalls is the number of requests of the plan after an apply.
	planCalls int
	// ratio is the time divided by that of the floor, pluginRatio the time divided by that of the plugin floor.
	ratio, pluginRatio float64
	// extra is the time in addition to that of the floor. memory is the memory of the provider, which defaults to memoryTarget.
	extra  time.Duration
	memory int64
}

// memoryTarget is the maximum memory of the provider in rows without their own target.
const memoryTarget = 150 << 20

const quick = "quick"

var allRows = []row{
	{
		name: quick, size: 200, managed: 100, tags: 3, permissions: true, plugin: true, latency: 20 * time.Millisecond,
		target: target{bulk: true, calls: 110},
	},
	{
		name: "permissions", size: 1000, managed: 1000, tags: 3, permissions: true, latency: 20 * time.Millisecond,
		target: target{bulk: true, calls: 1010, ratio: 1.5},
	},
	{
		name: "tags", size: 1000, managed: 1000, tags: 3, latency: 100 * time.Millisecond,
		target: target{bulk: true, calls: 12, ratio: 1.15},
	},
	{
		name: "pairs", size: 300, managed: 300, permissions: true, plugin: true, latency: 20 * time.Millisecond,
		target: target{calls: 602, ratio: 4, pluginRatio: 0.5},
	},
	{
		name: "apply", managed: 300, folders: 10, permissions: true, apply: true, plugin: true, latency: 20 * time.Millisecond,
		target: target{calls: 1515},
	},
	{
		name: "experiment-access", managed: 500, folders: 20, permissions: true, apply: true, latency: 20 * time.Millisecond,
		target: target{calls: 2525, planCalls: 1002},
	},
	{
		name: "folder-access", managed: 500, folders: 20, folderPermissions: true, apply: true, latency: 20 * time.Millisecond,
		target: target{calls: 1645, planCalls: 542},
	},
	{
		name: "fifty", size: 100_000, managed: 50, latency: 20 * time.Millisecond,
		target: target{bulk: true, calls: 60},
	},
	{
		name: "three", size: 100_000, managed: 3, latency: 20 * time.Millisecond,
		target: target{bulk: true, calls: 5},
	},
	{
		name: "effective-access", function: "length(provider::mlflow::effective_access(local.review, local.principals)) > 0",
		target: target{extra: 2 * time.Second, memory: 500 << 20},
	},
	{
		name: "review-diff", function: "provider::mlflow::review_diff(local.review, local.later).changed",
		target: target{extra: time.Second, memory: 300 << 20},
	},
}

// resources returns the number of resources in the configuration.
func (r row) resources() int {
	n := r.managed * (1 + r.tags)
	if r.permissions {
		n += r.managed
	}
	if r.folderPermissions {
		n += r.folders
	}
	return n
}

// command returns the measured command of the CLI.
func (r row) command() string {
	if r.apply {
		return "apply"
	}
	return "plan"
}

// String describes the row.
func (r row) String() string {
	if r.function != "" {
		return fmt.Sprintf("plan with %s, reviews of %s experiments", r.function, count(reviewedExperiments))
	}
	text := r.command() + " of " + count(r.managed) + " experiments"
	if r.tags > 0 {
		text += " + " + count(r.managed*r.tags) + " tags"
	}
	if r.permissions {
		text += " + " + count(r.managed) + " permissions"
	}
	if r.folderPermissions {
		text += " + " + count(r.folders) + " permissions of folders"
	}
	return fmt.Sprintf("%s, in a workspace of %s, %s latency", text, count(r.size), r.latency)
}

// count formats a number with commas between thousands.
func count(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", count(n/1000), n%1000)
}

func rowNames() []string {
	var names []string
	for _, r := range allRows {
		names = append(names, r.name)
	}
	return names
}

// selectRows returns the rows with these names. Without names, it returns all rows except quick, which is a part of another one.
func selectRows(names []string) ([]row, error) {
	for _, name := range names {
		if !slices.Contains(rowNames(), name) {
			return nil, fmt.Errorf("could not find a row named %q; there are %s", name, strings.Join(rowNames(), ", "))
		}
	}
	var rows []row
	for _, r := range allRows {
		if slices.Contains(names, r.name) || len(names) == 0 && r.name != quick {
			rows = append(rows, r)
		}
	}
	return rows, nil
}
