package tag_test

import (
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// TestImport_namesWithSlashes: the last part of an import ID can contain the separator.
func TestImport_namesWithSlashes(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	w.AddGroup("a/b")
	w.AddGroup("a")
	id := w.CreateExperiment(emulator.Admin, "/Shared/churn", map[string]string{"team/data/eu": "risk"})
	w.Grant(id, emulator.GroupPrincipal("a/b"), "CAN_EDIT")
	w.Grant(id, emulator.GroupPrincipal("a"), "CAN_READ") // whom an id that is cut short would mean
	d := &acctest.Backend{URL: w.URL, URLArgument: "host", Settings: map[string]any{"token": emulator.AdminToken}}
	for kind, c := range map[string]struct {
		id   string
		want map[string]string
	}{
		"mlflow_experiment_permission": {
			id + "/group/a/b", map[string]string{"experiment_id": id, "group_name": "a/b", "permission_level": "CAN_EDIT", "id": id + "/group/a/b"},
		},
		"mlflow_experiment_tag": {id + "/team/data/eu", map[string]string{"experiment_id": id, "key": "team/data/eu", "value": "risk", "id": id +
			"/team/data/eu"}},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			b := d.Provider(t, nil).Resource(kind)
			if says := b.Import(c.id); says != "" {
				t.Fatalf("got diagnostics %q, want none", says)
			}
			for attribute, want := range c.want {
				if got := b.Text(attribute); got != want {
					t.Errorf("got %s = %q, want %q", attribute, got, want)
				}
			}
		})
	}
}
