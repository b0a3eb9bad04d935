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

// seeded are the tags that the local workspace's experiments begin with.
var seeded = map[string]string{"team": "", "stage": ""}

// managed is a resource with its state, as the CLI keeps it from one command to the next.
type managed struct {
	kind  string
	state *tfprotov6.DynamicValue
}

// command starts a provider, as a command of the CLI does.
func command(t *testing.T, w *acctest.Workspace, bulk bool) *acctest.Direct {
	t.Helper()
	return acctest.NewDirect(t, map[string]any{"host": w.URL, "token": emulator.AdminToken, "bulk_refresh": bulk, "retry_timeout_seconds": 20})
}

// refreshed reads a resource and gives it with its new state, and what the person is told.
func refreshed(d *acctest.Direct, m managed) (managed, string) {
	resp, err := d.Server.ReadResource(context.Background(), &tfprotov6.ReadResourceRequest{TypeName: m.kind, CurrentState: m.state})
	if err != nil {
		return m, err.Error()
	}
	return managed{m.kind, resp.NewState}, acctest.DescribeDiagnostics(resp.Diagnostics)
}

// values gives a resource's state, nil when it is gone.
func stateValues(d *acctest.Direct, m managed) map[string]any {
	d.T.Helper()
	return d.Decode(d.Schemas.ResourceSchemas[m.kind], m.state)
}

// manage gives a resource the state that these values and a refresh make.
func manage(d *acctest.Direct, kind string, values map[string]any) managed {
	d.T.Helper()
	m, says := refreshed(d, managed{kind, d.Encode(d.Schemas.ResourceSchemas[kind], values)})
	if says != "" {
		d.T.Fatalf("%s %v: %s", kind, values, says)
	}
	return m
}

func manageExperiment(d *acctest.Direct, id string) managed {
	d.T.Helper()
	return manage(d, experimentKind, map[string]any{"id": id, "description": "?", "tags": seeded, "tags_all": seeded})
}

func manageTag(d *acctest.Direct, id, key string) managed {
	d.T.Helper()
	return manage(d, tagKind, map[string]any{"id": id + "/" + key, "experiment_id": id, "key": key, "value": "?"})
}

func managePermissions(d *acctest.Direct, id string) managed {
	d.T.Helper()
	return manage(d, permissionsKind, map[string]any{"experiment_id": id})
}

// oldest gives the ids of the n oldest experiments, which a search lists last.
func oldest(w *acctest.Workspace, n int) []string {
	var ids []string
	for _, e := range w.Experiments()[:n] {
		ids = append(ids, e.ID)
	}
	return ids
}

// refreshAll reads resources ten at a time, as the CLI does, and fails the test for each that changes.
func refreshAll(d *acctest.Direct, all []managed) {
	d.T.Helper()
	work := make(chan managed)
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			for m := range work {
				before := stateValues(d, m)
				fresh, says := refreshed(d, m)
				if after := stateValues(d, fresh); says != "" || !reflect.DeepEqual(before, after) {
					d.T.Errorf("%s changes from %v to %v and says %q", m.kind, before, after, says)
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

// routes counts the calls so far by the last part of their path, ids left out.
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
