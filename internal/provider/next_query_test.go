//go:build next

package provider_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// TestNext_cli fails with a CLI that is too old for the tests of `make test-next`.
func TestNext_cli(t *testing.T) {
	t.Parallel()
	if version, minor := newShell(t).version(t); minor < 16 {
		t.Errorf("the CLI is %s: run make test-next, which finds or builds Terraform 1.16", version)
	}
}

// queryCase is a query of one list resource in the workspace of TestNext_queries, and its result.
type queryCase struct {
	// config contains the arguments of the list block.
	config string
	// found is the number of results, and warns the number of objects with a warning instead of a result.
	found, warns int
	// reads is the number of requests of a query that are not pages of a search.
	reads int
	// holds are expected parts of the generated configuration.
	holds []string
}

var queries = map[string]queryCase{
	"mlflow_experiment": {
		found: 40 + 3, // two in a home folder, and one of a notebook
		holds: []string{
			`description\s+= "Costs \$5 \$\${not\.a\.template}`, `name\s+= "/Users/admin@example\.com/nobody else's"`, `catalog\s+= "main"`,
		},
	},
	"mlflow_experiment_permissions": {
		config: `filter = "name LIKE '/Projects/%'"`, found: 40, warns: 1, reads: 41 + 1, // the last one to explain the warning
		holds: []string{`risk\s+= "CAN_EDIT"`},
	},
	"mlflow_folder_permissions": {
		config: `path = "/Projects"`, found: 21, reads: 21 + 22, // the list of each folder, what is in it, and where to start
		holds: []string{`data-science\s+= "CAN_RUN"`},
	},
}

// TestNext_queries imports what a query of each list resource writes as configuration: nothing changes on the server, and the plan after it
// is empty.
func TestNext_queries(t *testing.T) {
	s := newShell(t)
	for kind := range acctest.NewWorkspace(t).Provider(t, emulator.AdminToken).Schemas.ListResourceSchemas {
		if _, there := queries[kind]; !there {
			t.Errorf("no query of %s is tested", kind)
		}
	}
	for kind, q := range queries {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			w, dir := queriedWorkspace(t), t.TempDir()
			acctest.WriteFile(t, filepath.Join(dir, "versions.tf"), readFile(t, filepath.Join(examplesDir, "adopt-everything/versions.tf")))
			acctest.WriteFile(t, filepath.Join(dir, "all.tfquery.hcl"),
				fmt.Sprintf("list %q \"all\" {\n  provider = mlflow\n  limit    = 1000\n  config {\n    %s\n  }\n}\n", kind, q.config))
			w.ResetJournal()
			s.run(t, w, dir, "terraform init\nterraform validate -query")
			if calls := w.Calls(); len(calls) != 0 {
				t.Errorf("validate sends %q", calls)
			}
			out := s.run(t, w, dir, "terraform query -generate-config-out=generated.tf")
			if n := strings.Count(out, "Warning: Could not read"); n != q.warns {
				t.Errorf("%d warnings, want %d:\n%s", n, q.warns, tail(out))
			}
			if reads := len(w.Calls()) - w.Count("POST", acctest.ExperimentsPath+"search"); reads != q.reads {
				t.Errorf("%d requests besides searches, want %d: %q", reads, q.reads, w.Calls())
			}
			generated := readFile(t, filepath.Join(dir, "generated.tf"))
			for _, part := range q.holds {
				if !regexp.MustCompile(part).MatchString(generated) {
					t.Errorf("generated.tf has no %s", part)
				}
			}
			expectAdopted(t, w, s.run(t, w, dir, "terraform apply\nterraform plan"), q.found)
		})
	}
}

// queriedWorkspace returns a workspace with experiments of all kinds, and with grants on one of them and on a folder.
func queriedWorkspace(t *testing.T) *acctest.Workspace {
	t.Helper()
	w := acctest.NewWorkspace(t, emulator.Options{Seed: 40})
	addAmbiguousExperiments(t, w)
	w.AddGroup("risk")
	id := w.MustFind(t, "/Projects/team-01/experiment-000001").ID
	w.Grant(id, emulator.GroupPrincipal("risk"), "CAN_EDIT")
	w.BindTraceLocation(id, "main", "traces", "team_01")
	w.GrantFolder("/Projects/team-01", emulator.GroupPrincipal("data-science"), "CAN_RUN")
	return w
}
