package planned_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework/planned"
)

var (
	role       = planned.Kind{Noun: "Role", NameAttribute: "name", Contents: "its members"}
	experiment = planned.Kind{Noun: "Experiment", NameAttribute: "name", Contents: "its runs", IsRestorable: true}
)

// TestName_Plan plans two uses of a name, in both orders.
func TestName_Plan(t *testing.T) {
	t.Parallel()
	use := func(action planned.Action, id string) planned.Use {
		return planned.Use{Action: action, ID: id, Name: "ds", Object: `role "ds"`}
	}
	adopts := use(planned.Create, "")
	adopts.Adopts = true
	const (
		twice     = "Role is managed by two resources"
		recreated = "Role would be deleted and recreated"
		inUse     = "Role name is still in use"
	)
	for name, c := range map[string]struct {
		a, b planned.Use
		want string
	}{
		"created twice":                     {use(planned.Create, ""), use(planned.Create, ""), twice},
		"adopted twice":                     {adopts, adopts, twice},
		"created at two addresses":          {use(planned.Create, "a"), use(planned.Create, "b"), twice},
		"kept and created":                  {use(planned.Keep, "1"), use(planned.Create, ""), twice},
		"kept at two addresses":             {use(planned.Keep, "a"), use(planned.Keep, "b"), twice},
		"kept and replaced":                 {use(planned.Keep, "1"), use(planned.Create, "1"), ""},
		"in the state twice, both kept":     {use(planned.Keep, "1"), use(planned.Keep, "1"), ""},
		"renamed to a kept one":             {use(planned.Keep, "1"), use(planned.RenameTo, "2"), twice},
		"renamed to a created one":          {use(planned.Create, ""), use(planned.RenameTo, "2"), twice},
		"two renamed to one name":           {use(planned.RenameTo, "1"), use(planned.RenameTo, "2"), twice},
		"in the state twice, kept":          {use(planned.Delete, "1"), use(planned.Keep, "1"), twice},
		"in the state twice, replaced":      {use(planned.Delete, "1"), use(planned.Create, "1"), twice},
		"in the state twice, renamed":       {use(planned.Delete, "1"), use(planned.RenameFrom, "1"), twice},
		"in the state twice, without ID":    {use(planned.Delete, ""), use(planned.Keep, "a"), twice},
		"deleted, another one kept":         {use(planned.Delete, "1"), use(planned.Keep, "2"), ""},
		"deleted, another one renamed":      {use(planned.Delete, "1"), use(planned.RenameFrom, "2"), ""},
		"deleted twice":                     {use(planned.Delete, "1"), use(planned.Delete, "1"), ""},
		"deleted and created":               {use(planned.Delete, "1"), use(planned.Create, ""), recreated},
		"deleted without ID and created":    {use(planned.Delete, ""), use(planned.Create, "a"), recreated},
		"deleted and adopted":               {use(planned.Delete, "1"), adopts, ""},
		"renamed to a deleted one":          {use(planned.Delete, "1"), use(planned.RenameTo, "2"), inUse},
		"swapped":                           {use(planned.RenameFrom, "1"), use(planned.RenameTo, "2"), inUse},
		"created with the name of a rename": {use(planned.RenameFrom, "1"), use(planned.Create, ""), inUse},
		"two renamed":                       {use(planned.RenameFrom, "1"), use(planned.RenameFrom, "2"), ""},
	} {
		for _, pair := range [][2]planned.Use{{c.a, c.b}, {c.b, c.a}} {
			var lock planned.Name
			if conflict := lock.Plan(role, pair[0]); conflict != nil {
				t.Errorf("%s: got %q for the first plan, want no conflict", name, conflict.Summary())
			}
			got := ""
			if conflict := lock.Plan(role, pair[1]); conflict != nil {
				got = conflict.Summary()
			}
			if got != c.want {
				t.Errorf("%s: got %q, want %q", name, got, c.want)
			}
		}
	}
}

// TestName_Plan_errorFirst checks that a warning about one use does not hide an error about another one.
func TestName_Plan_errorFirst(t *testing.T) {
	t.Parallel()
	var lock planned.Name
	lock.Plan(experiment, planned.Use{Action: planned.Delete, ID: "1", Name: "/a", Object: "experiment"})
	create := planned.Use{Action: planned.Create, Name: "/a", Object: "experiment"}
	for i, want := range []diag.Severity{diag.SeverityWarning, diag.SeverityError} {
		if got := lock.Plan(experiment, create); got == nil || got.Severity() != want {
			t.Errorf("create %d: got %v, want severity %s", i+1, got, want)
		}
	}
}

// TestName_Plan_diagnostics checks the diagnostics of each conflict, for an object that can be restored and for one that cannot.
func TestName_Plan_diagnostics(t *testing.T) {
	t.Parallel()
	const (
		old      = `experiment "/a" (ID 1)`
		spelling = "/Workspace/a"
	)
	for name, c := range map[string]struct {
		a, b     planned.Use
		severity diag.Severity
		want     []string
	}{
		"in the state twice": {planned.Use{Action: planned.Delete, ID: "1", Object: old}, planned.Use{Action: planned.Keep, ID: "1"},
			diag.SeverityError, []string{old + " under two resource addresses", "delete the experiment", "terraform state rm OLD_ADDRESS"}},
		"deleted and created": {planned.Use{Action: planned.Delete, ID: "1", Object: old}, planned.Use{Action: planned.Create},
			diag.SeverityWarning, []string{"deletes " + old + " with its runs", "moved block"}},
		"name in use": {planned.Use{Action: planned.RenameFrom, ID: "1", Object: old}, planned.Use{Action: planned.RenameTo, ID: "2"},
			diag.SeverityError, []string{"renames or deletes " + old, "Use two applies"}},
		"declared twice": {planned.Use{Action: planned.Keep, ID: "1", Object: old, Name: "/a"},
			planned.Use{Action: planned.Create, Object: old, Name: spelling}, diag.SeverityError,
			[]string{"declare " + old + ", one of them as", "change its name"}},
	} {
		var lock planned.Name
		lock.Plan(experiment, c.a)
		got := lock.Plan(experiment, c.b)
		if got == nil {
			t.Errorf("%s: got no conflict", name)
			continue
		}
		if got.Severity() != c.severity {
			t.Errorf("%s: got severity %s, want %s", name, got.Severity(), c.severity)
		}
		for _, want := range c.want {
			if !strings.Contains(got.Detail(), want) {
				t.Errorf("%s: got %q, want %q in it", name, got.Detail(), want)
			}
		}
		if got := lock.Plan(role, c.b).Severity(); got != diag.SeverityError {
			t.Errorf("%s: got severity %s for a role, want %s", name, got, diag.SeverityError)
		}
	}
}

func TestName_IsPlanned(t *testing.T) {
	t.Parallel()
	for action, want := range map[planned.Action]struct{ isPlanned, isRenamed bool }{
		planned.Create: {isPlanned: true}, planned.Keep: {isPlanned: true}, planned.RenameTo: {isPlanned: true},
		planned.RenameFrom: {isRenamed: true}, planned.Delete: {},
	} {
		var lock planned.Name
		if lock.IsPlanned() || lock.IsRenamed() {
			t.Errorf("got a plan for a new name: %t, %t", lock.IsPlanned(), lock.IsRenamed())
		}
		lock.Plan(role, planned.Use{Action: action})
		if lock.IsPlanned() != want.isPlanned || lock.IsRenamed() != want.isRenamed {
			t.Errorf("action %d: got %t, %t, want %+v", action, lock.IsPlanned(), lock.IsRenamed(), want)
		}
	}
}
