package framework_test

import (
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
)

func TestRoleLock_planMember(t *testing.T) {
	t.Parallel()
	type plan struct {
		user    string
		inState bool
	}
	for name, c := range map[string]struct {
		plans            []plan
		duplicate, mixed bool // of the last one
	}{
		"one":                 {[]plan{{"ana", false}}, false, false},
		"two users":           {[]plan{{"ana", false}, {"ben", false}}, false, false},
		"the same":            {[]plan{{"ana", false}, {"ana", false}}, true, false},
		"a replacement":       {[]plan{{"ana", true}, {"ana", false}}, false, false},
		"two lists":           {[]plan{{"", true}, {"", true}}, true, false},
		"a list replaced":     {[]plan{{"", true}, {"", false}}, false, false},
		"a list and a member": {[]plan{{"", true}, {"ana", false}}, false, true},
		"a member and a list": {[]plan{{"ana", true}, {"", false}}, false, true},
	} {
		var run framework.RunState
		var duplicate, mixed bool
		for _, p := range c.plans {
			duplicate, mixed = run.RoleLock("risk", "ds").PlanMember(p.user, p.inState)
		}
		if duplicate != c.duplicate || mixed != c.mixed {
			t.Errorf("%s: got duplicate %t, mixed %t, want %t, %t", name, duplicate, mixed, c.duplicate, c.mixed)
		}
		if duplicate, mixed := run.RoleLock("default", "ds").PlanMember("ana", false); duplicate || mixed {
			t.Errorf("%s: got a conflict with a role of another workspace", name)
		}
	}
}

func TestRoleLock_planRow(t *testing.T) {
	t.Parallel()
	var run framework.RunState
	for i, c := range []struct {
		role, row    string
		inRole, both bool
	}{
		{"ds", "experiment/1", true, false}, {"ds", "experiment/1", true, false}, {"ds", "experiment/2", false, false},
		{"other", "experiment/1", false, false}, {"ds", "experiment/1", false, true}, {"ds", "experiment/2", true, true},
	} {
		if both := run.RoleLock("risk", c.role).PlanRow(c.row, c.inRole); both != c.both {
			t.Errorf("plan %d: got both = %t, want %t", i, both, c.both)
		}
	}
}

func TestRoleLock_renamed(t *testing.T) {
	t.Parallel()
	var run framework.RunState
	lock := run.RoleLock("risk", "ds")
	if others := lock.Plan(framework.PlannedUse{Action: framework.PlanKeep, Name: "ds"}); len(others) > 0 || lock.IsRenamed() ||
		lock.IsRead() {
		t.Errorf("new lock: got plans %v, want none", others)
	}
	if others := lock.Plan(framework.PlannedUse{Action: framework.PlanRenameFrom, Name: "ds"}); len(others) != 1 || !lock.IsRenamed() {
		t.Errorf("got earlier plans %v", others)
	}
	if lock.MarkRead(); !lock.IsRead() {
		t.Error("got IsRead() = false after MarkRead")
	}
}

// TestManagement_lose: roles can be lost one after the other while another one remains, and the same role more than once.
func TestManagement_lose(t *testing.T) {
	t.Parallel()
	var run framework.RunState
	through := []string{"a", "b", "c"}
	for i, step := range []struct {
		role    string
		through []string
		others  string
		ok      bool
	}{
		{"a", []string{"a"}, "", false},
		{"a", through, "", true}, {"a", through, "", true}, {"b", through, "a", true}, {"c", through, "a b", false},
		{"b", through, "a", true}, {"c", []string{"c"}, "", false},
	} {
		others, ok := run.Management("risk").Lose(step.role, step.through)
		if ok != step.ok || strings.Join(others, " ") != step.others {
			t.Errorf("step %d: got %q, %t, want %q, %t", i, others, ok, step.others, step.ok)
		}
	}
	if _, ok := run.Management("default").Lose("c", through); !ok {
		t.Error("got a refusal to lose a role of another workspace")
	}
}
