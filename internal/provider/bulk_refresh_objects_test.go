package provider_test

import (
	"context"
	"path"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// seeded are the tags that experiments of a seeded workspace have.
var seeded = map[string]string{"team": "", "stage": ""}

// managed is a resource with its state, which the CLI keeps between commands.
type managed struct {
	kind  string
	state *tfprotov6.DynamicValue
}

// command starts a new provider, like a command of the CLI.
func command(t *testing.T, w *acctest.Workspace, bulk bool) *acctest.Provider {
	t.Helper()
	return acctest.NewProvider(
		t,
		map[string]any{"host": w.URL, "token": emulator.AdminToken, "bulk_refresh": bulk, "retry_timeout_seconds": 20},
	)
}

// refreshed refreshes a resource, and returns it with its new state and the diagnostics.
func refreshed(d *acctest.Provider, m managed) (managed, string) {
	resp, err := d.Server.ReadResource(context.Background(), &tfprotov6.ReadResourceRequest{TypeName: m.kind, CurrentState: m.state})
	if err != nil {
		return m, err.Error()
	}
	return managed{m.kind, resp.NewState}, acctest.DescribeDiagnostics(resp.Diagnostics)
}

// values returns the state of a resource, nil if it was removed.
func stateValues(d *acctest.Provider, m managed) map[string]any {
	d.T.Helper()
	return d.Decode(d.Schemas.ResourceSchemas[m.kind], m.state)
}

// manage returns a resource with the state after a refresh of these values.
func manage(d *acctest.Provider, kind string, values map[string]any) managed {
	d.T.Helper()
	m, diags := refreshed(d, managed{kind, d.Encode(d.Schemas.ResourceSchemas[kind], values)})
	if diags != "" {
		d.T.Fatalf("%s %v: %s", kind, values, diags)
	}
	return m
}

func manageExperiment(d *acctest.Provider, id string) managed {
	d.T.Helper()
	return manage(d, experimentKind, map[string]any{"id": id, "description": "?", "tags": seeded, "tags_all": seeded})
}

func manageTag(d *acctest.Provider, id, key string) managed {
	d.T.Helper()
	return manage(d, tagKind, map[string]any{"id": id + "/" + key, "experiment_id": id, "key": key, "value": "?"})
}

func managePermissions(d *acctest.Provider, id string) managed {
	d.T.Helper()
	return manage(d, permissionsKind, map[string]any{"experiment_id": id})
}

// oldest returns the IDs of the n oldest experiments, which a search lists last.
func oldest(w *acctest.Workspace, n int) []string {
	var ids []string
	for _, e := range w.Experiments()[:n] {
		ids = append(ids, e.ID)
	}
	return ids
}

// refreshAll refreshes resources ten at a time, like the CLI, and fails the test for each that changes.
func refreshAll(d *acctest.Provider, all []managed) {
	d.T.Helper()
	work := make(chan managed)
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			for m := range work {
				before := stateValues(d, m)
				fresh, diags := refreshed(d, m)
				if after := stateValues(d, fresh); diags != "" || !reflect.DeepEqual(before, after) {
					d.T.Errorf("%s: got a change from %v to %v and diagnostics %q", m.kind, before, after, diags)
				}
			}
		})
	}
	for _, m := range all {
		work <- m
	}
	close(work)
	wg.Wait()
}

// routes counts the requests so far by the last part of their path, without IDs.
func routes(w *acctest.Workspace) map[string]int {
	counts := map[string]int{}
	for _, c := range w.Journal() {
		route := path.Base(c.Path)
		if strings.Contains(c.Path, "/permissions/") {
			route = "permissions"
		}
		counts[route]++
	}
	return counts
}
