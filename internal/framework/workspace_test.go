package framework

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/databricks"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

// memory is private state in memory.
type memory map[string][]byte

func (m memory) GetKey(_ context.Context, key string) ([]byte, diag.Diagnostics) { return m[key], nil }

func (m memory) SetKey(_ context.Context, key string, value []byte) diag.Diagnostics {
	m[key] = value
	return nil
}

func baseOf(backend mlflow.Backend) *ResourceBase {
	return respondingWith(backend, http.StatusOK, `{"workspaces_enabled": true}`)
}

// respondingWith returns the base of a resource whose server always returns the same response.
func respondingWith(backend mlflow.Backend, status int, body string) *ResourceBase {
	endpoint := func(context.Context) (rest.Endpoint, error) {
		return rest.Endpoint{BaseURL: &url.URL{Scheme: "http", Host: "mlflow.test"}}, nil
	}
	transport := roundTripFunc(func(r *http.Request) (*http.Response, error) {
		mediaType := "application/json"
		if strings.HasPrefix(body, "<") {
			mediaType = "text/html"
		}
		return &http.Response{
			StatusCode: status, Body: io.NopCloser(strings.NewReader(body)), Header: http.Header{"Content-Type": {mediaType}}, Request: r,
		}, nil
	})
	client := mlflow.New(mlflow.Options{Options: rest.Options{Endpoint: endpoint, Transport: transport}, Backend: backend})
	return &ResourceBase{Provider: &ProviderData{Client: client}}
}

type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Servers before 3.10 ignore the workspace: the object would not be in the workspace of the state.
func TestUseCreateWorkspace(t *testing.T) {
	t.Parallel()
	const page = "<!doctype html><title>404 Not Found</title>"
	for name, c := range map[string]struct {
		status          int
		body, workspace string
		refused         string
	}{
		"a server with workspaces":      {http.StatusOK, `{"workspaces_enabled": true}`, "risk", ""},
		"a server without workspaces":   {http.StatusOK, `{"workspaces_enabled": false}`, "risk", "--enable-workspaces"},
		"a server before 3.10":          {http.StatusNotFound, page, "risk", "3.10"},
		"no workspace before 3.10":      {http.StatusNotFound, page, "", ""},
		"default before 3.10":           {http.StatusNotFound, page, "default", ""},
		"a server that refuses to tell": {http.StatusForbidden, `{"error_code": "PERMISSION_DENIED"}`, "risk", ""},
	} {
		var diags diag.Diagnostics
		b := respondingWith(&server.Backend{}, c.status, c.body)
		ok := b.UseCreateWorkspace(t.Context(), text(c.workspace), &diags)
		if ok != (c.refused == "") || c.refused != "" && !strings.Contains(diags[0].Detail(), c.refused) {
			t.Errorf("%s: got ok = %t, %v", name, ok, diags)
		}
	}
}

func text(s string) types.String {
	switch s {
	case "":
		return types.StringNull()
	case "?":
		return types.StringUnknown()
	default:
		return types.StringValue(s)
	}
}

func TestUseWorkspace(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		backend   mlflow.Backend
		workspace string
		// want is the workspace of the client, "none" if there is no client. refused is a part of the error.
		want, refused string
	}{
		"the provider's":                {&server.Backend{Workspace: "risk"}, "", "risk", ""},
		"the provider's by its name":    {&server.Backend{Workspace: "risk"}, "risk", "risk", ""},
		"another one":                   {&server.Backend{Workspace: "risk"}, "fraud", "fraud", ""},
		"default, not the provider's":   {&server.Backend{Workspace: "risk"}, "default", "default", ""},
		"default where none is set":     {&server.Backend{}, "default", "default", ""},
		"an unknown one":                {&server.Backend{Workspace: "risk"}, "?", "none", ""},
		"none on Databricks":            {databricks.Backend{}, "", "", ""},
		"one on Databricks":             {databricks.Backend{}, "risk", "", "Databricks has no MLflow workspaces. Remove the workspace argument"},
		"an unknown one, on Databricks": {databricks.Backend{}, "?", "none", ""},
	} {
		b, got := baseOf(c.backend), "none"
		var diags diag.Diagnostics
		if ok := b.UseWorkspace(text(c.workspace), &diags); ok == diags.HasError() {
			t.Errorf("%s: got ok = %t, %v", name, ok, diags)
		}
		if client := b.Client(); client != nil {
			got = client.MLflowWorkspace()
		}
		if got != c.want || diags.HasError() != (c.refused != "") || c.refused != "" && !strings.Contains(diags[0].Detail(), c.refused) {
			t.Errorf("%s: got workspace %q and diagnostics %v, want %q and %q", name, got, diags, c.want, c.refused)
		}
		if b.Rules(t.Context(), memory{}) == nil {
			t.Errorf("%s: got no name rules", name)
		}
	}
	unconfigured := &ResourceBase{Provider: &ProviderData{}}
	var diags diag.Diagnostics
	if !unconfigured.UseWorkspace(text("risk"), &diags) || unconfigured.Client() != nil {
		t.Error("unknown provider configuration: got a client, want none")
	}
	data := &DataSourceBase{provider: baseOf(&server.Backend{}).Provider}
	if client := data.ClientIn(t.Context(), text("risk"), &diags); client == nil || client.MLflowWorkspace() != "risk" {
		t.Error("data source: got another workspace than \"risk\"")
	}
	data = &DataSourceBase{provider: baseOf(databricks.Backend{}).Provider}
	if client := data.ClientIn(t.Context(), text("risk"), &diags); client != nil || !diags.HasError() {
		t.Error("data source on Databricks: got no error about the workspace")
	}
}

func TestMovesWorkspace(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		provider, remembered, state, plan string
		moves                             bool
	}{
		"nothing set":                                   {"", "", "", "", false},
		"the provider's, by its name":                   {"risk", "", "", "risk", false},
		"the provider's, no longer by its name":         {"risk", "risk", "risk", "", false},
		"default, by its name":                          {"", "default", "", "default", false},
		"another one":                                   {"", "risk", "risk", "fraud", true},
		"another one than the provider's":               {"risk", "risk", "", "fraud", true},
		"back to the provider's":                        {"risk", "fraud", "fraud", "", true},
		"unknown":                                       {"", "risk", "risk", "?", false},
		"where it is, after the provider moved":         {"fraud", "risk", "", "risk", false},
		"where the provider is now, and the object not": {"fraud", "risk", "", "fraud", true},
		"an old state":                                  {"", "", "", "risk", true},
	} {
		b, private := baseOf(&server.Backend{Workspace: c.provider}), memory{}
		if c.remembered != "" {
			before := baseOf(&server.Backend{Workspace: c.remembered})
			if diags := before.StoreServer(t.Context(), private); diags.HasError() {
				t.Fatal(diags)
			}
		}
		if moves := b.MovesWorkspace(t.Context(), private, text(c.state), text(c.plan)); moves != c.moves {
			t.Errorf("%s: got moves = %t, want %t", name, moves, c.moves)
		}
		var diags diag.Diagnostics
		placed := WorkspaceObject{Object: "experiment 1", ID: "1", State: text(c.state), Plan: text(c.plan)}
		if same := b.CheckSameWorkspace(t.Context(), private, placed, &diags); same == c.moves || diags.HasError() != c.moves {
			t.Errorf("%s: got same = %t, want %t: %v", name, same, !c.moves, diags)
		}
	}
}

// TestPlanWorkspace: an object that moves to another workspace is replaced. A plan without a refresh counts as unreviewed.
func TestPlanWorkspace(t *testing.T) {
	t.Parallel()
	there := tfsdk.State{Raw: tftypes.NewValue(tftypes.String, "there")}
	placed := WorkspaceObject{Object: "experiment 1", ID: "1", State: text("risk"), Plan: text("fraud")}
	for name, read := range map[string]bool{"refreshed": true, "not refreshed": false} {
		b, private := baseOf(&server.Backend{Workspace: "risk"}), memory{}
		if read {
			b.Provider.Run.MarkRead("1")
		}
		if diags := b.StoreServer(t.Context(), private); diags.HasError() {
			t.Fatal(diags)
		}
		if unreviewed := b.IsUnreviewedPlan(t.Context(), private, "1"); unreviewed == read {
			t.Errorf("%s: got unreviewed = %t, want %t", name, unreviewed, !read)
		}
		// The test cannot create private state, so no server is stored for the object.
		var resp resource.ModifyPlanResponse
		if !b.PlanWorkspace(t.Context(), resource.ModifyPlanRequest{State: there}, placed, &resp) || len(resp.RequiresReplace) != 1 ||
			resp.Diagnostics.HasError() {
			t.Errorf("%s: got replacement by %v and diagnostics %v", name, resp.RequiresReplace, resp.Diagnostics)
		}
		if client := b.Client(); client.MLflowWorkspace() != "risk" {
			t.Errorf("%s: got a plan in the workspace %q, want \"risk\"", name, client.MLflowWorkspace())
		}
	}
}

func TestNameLock_workspaces(t *testing.T) {
	t.Parallel()
	var run RunState
	risk, fraud := baseOf(&server.Backend{Workspace: "risk"}).Client(), baseOf(&server.Backend{Workspace: "fraud"}).Client()
	if run.NameLock(risk, "churn") == run.NameLock(fraud, "churn") {
		t.Error("got the same lock for a name in two workspaces")
	}
	again, err := fraud.InWorkspace("risk")
	if err != nil || run.NameLock(again, "churn") != run.NameLock(risk, "churn") {
		t.Errorf("got different locks for two clients of one workspace: %v", err)
	}
	folders := baseOf(databricks.Backend{}).Client()
	if run.NameLock(folders, "/Workspace/Shared/churn/") != run.NameLock(folders, "/Shared/churn") {
		t.Error("got different locks for two spellings of a name")
	}
}

func TestCutImportWorkspace(t *testing.T) {
	t.Parallel()
	for id, want := range map[string][2]string{
		"12":                        {"", "12"},
		"name=workspace=risk,churn": {"", "name=workspace=risk,churn"},
		"workspace=risk,12":         {"risk", "12"},
		"workspace=risk,name=a,b":   {"risk", "name=a,b"},
		"workspace=risk,12/a/b,c":   {"risk", "12/a/b,c"},
		"workspace=risk":            {},
		"workspace=risk,":           {},
		"workspace=,12":             {},
	} {
		workspace, rest, err := CutImportWorkspace(id)
		if workspace != want[0] || rest != want[1] || (err != nil) != (want[1] == "") {
			t.Errorf("%s: got %q, %q, %v, want %q", id, workspace, rest, err, want)
		}
	}
}
