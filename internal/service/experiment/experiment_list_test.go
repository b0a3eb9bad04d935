package experiment_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

func TestList_experiments(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	for i := range 5 {
		w.CreateExperiment(emulator.OtherUser, fmt.Sprintf("/Shared/e%d", i), map[string]string{"n": fmt.Sprint(i), "team": "risk"})
	}
	w.Trash(w.CreateExperiment(emulator.OtherUser, "/Shared/e9", nil))
	d := w.Provider(t, emulator.AdminToken)
	names := func(config map[string]any, limit int64) string {
		var names []string
		for _, l := range d.ListResources("mlflow_experiment", config, limit, false) {
			names = append(names, l.Name+l.Diagnostics)
		}
		return strings.Join(names, " ")
	}
	for want, got := range map[string]string{
		"/Shared/e0 /Shared/e1 /Shared/e2 /Shared/e3 /Shared/e4": names(map[string]any{"name_prefix": "/Workspace/Shared/"}, 0),
		"/Shared/e0 /Shared/e1":                                  names(map[string]any{}, 2),
		"/Shared/e3":                                             names(map[string]any{"tags": map[string]string{"n": "3"}}, 100),
		"/Shared/e2 /Shared/e4":                                  names(map[string]any{"name_regex": "[24]$"}, 0),
		"/Shared/e1":                                             names(map[string]any{"filter": "tags.n = '1'"}, 0),
	} {
		if got != want {
			t.Errorf("got list results %s, want %s", got, want)
		}
	}
	full := d.ListResources("mlflow_experiment", map[string]any{"name_prefix": "/Shared/e0"}, 0, true)
	if len(full) != 1 || full[0].Resource["name"] != "/Shared/e0" || fmt.Sprint(full[0].Resource["tags"]) != "map[n:0 team:risk]" ||
		full[0].Resource["creation_time"] == nil {
		t.Errorf("got list results %+v, want the complete experiment", full)
	}
	if all := d.ListResources("mlflow_experiment", map[string]any{"filter": "name LIKES 'x'"}, 0, false); len(all) != 1 ||
		!strings.HasPrefix(all[0].Diagnostics, "error at filter") {
		t.Errorf("filter that the server rejects: got results %+v, want one error", all)
	}
}

// TestList_validation: invalid search arguments cause an error before the server is known.
func TestList_validation(t *testing.T) {
	t.Parallel()
	d := acctest.NewProvider(t, map[string]any{"host": "http://127.0.0.1:1", "token": "x"})
	for name, c := range map[string]struct {
		config map[string]any
		says   string // how the refusal begins; "" if there is none
	}{
		"everything":  {map[string]any{}, ""},
		"two filters": {map[string]any{"filter": "name = 'x'", "name_prefix": "/x"}, "error at filter: Invalid Attribute Combination"},
		"a filter and tags": {map[string]any{"filter": "name = 'x'", "tags": map[string]string{"a": "b"}},
			"error at filter: Invalid Attribute Combination"},
		"no expression": {map[string]any{"name_regex": "("}, "error at name_regex: Invalid regular expression: "},
		"both quotes":   {map[string]any{"name_prefix": `/a'b"`}, "error at name_prefix: Invalid name prefix"},
		"no order":      {map[string]any{"order_by": []string{}}, "error at order_by: Invalid Attribute Value"},
	} {
		for _, kind := range []string{"mlflow_experiment", "mlflow_experiment_permissions"} {
			t.Run(name+", "+kind, func(t *testing.T) {
				resp, err := d.ListResourceServer().ValidateListResourceConfig(t.Context(), &tfprotov6.ValidateListResourceConfigRequest{
					TypeName: kind, Config: d.Encode(d.Schemas.ListResourceSchemas[kind], c.config),
				})
				d.Check(err)
				if got := acctest.DescribeDiagnostics(resp.Diagnostics); !strings.HasPrefix(got, c.says) || c.says == "" && got != "" {
					t.Errorf("got diagnostics %q, want %q", got, c.says)
				}
			})
		}
	}
}
