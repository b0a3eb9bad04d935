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
			t.Errorf("%s: duplicate %t, mixed %t", name, duplicate, mixed)
		}
		if duplicate, mixed := run.RoleLock("default", "ds").PlanMember("ana", false); duplicate || mixed {
			t.Errorf("%s: the role of another workspace is mistaken for this one", name)
		}
	}
}

func TestRoleLock_PlanGrant(t *testing.T) {
	t.Parallel()
	var run framework.RunState
	for i, c := range []struct {
		role, grant  string
		inRole, both bool
	}{
		{"ds", "experiment/1", true, false}, {"ds", "experiment/1", true, false}, {"ds", "experiment/2", false, false},
		{"other", "experiment/1", false, false}, {"ds", "experiment/1", false, true}, {"ds", "experiment/2", true, true},
	} {
		if both := run.RoleLock("risk", c.role).PlanGrant(c.grant, c.inRole); both != c.both {
			t.Errorf("plan %d: both declare it: %t", i, both)
		}
	}
}

func TestRoleLock_read(t *testing.T) {
	t.Parallel()
	var run framework.RunState
	if lock := run.RoleLock("risk", "ds"); lock.IsRead() {
		t.Error("new role: got IsRead() = true")
	}
	run.RoleLock("risk", "ds").MarkRead()
	if lock := run.RoleLock("risk", "ds"); !lock.IsRead() {
		t.Error("got IsRead() = false after MarkRead")
	}
}

// TestManagement_giveUp: one role can go after the other as long as one is left, and the same one any number of times.
func TestManagement_giveUp(t *testing.T) {
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
			t.Errorf("step %d: %q, %t", i, others, ok)
		}
	}
	if _, ok := run.Management("default").Lose("c", through); !ok {
		t.Error("a role of another workspace is refused")
	}
}
