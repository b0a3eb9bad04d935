package emulator_test

import (
	"slices"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

func TestFreezeSearch(t *testing.T) {
	w, admin := start(t, emulator.Options{})
	changed := w.CreateExperiment(emulator.Admin, "/Shared/changed", map[string]string{"team": "risk"})
	renamed := w.CreateExperiment(emulator.Admin, "/Shared/renamed", nil)
	trashed := w.CreateExperiment(emulator.Admin, "/Shared/trashed", nil)
	w.FreezeSearch()
	w.SetTag(changed, "team", "growth")
	w.Rename(renamed, "/Shared/moved")
	w.Trash(trashed)
	w.CreateExperiment(emulator.Admin, "/Shared/new", nil)

	expect := func(filter string, want ...string) {
		t.Helper()
		names, _ := searchAll(admin, object{"filter": filter})
		slices.Sort(names)
		if !slices.Equal(names, want) {
			t.Errorf("search %q finds %q, want %q", filter, names, want)
		}
	}
	expect("", "changed", "renamed", "trashed")
	expect("tags.team = 'risk'", "changed")
	if got := text(admin.experiment(renamed), "name"); got != "/Shared/moved" {
		t.Errorf("a direct read returns the name %q", got)
	}

	w.UnfreezeSearch()
	expect("", "changed", "moved", "new")
	expect("tags.team = 'risk'")
}
