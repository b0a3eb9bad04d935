package governance_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

const permissionsRoute = "/api/2.0/permissions/experiments/*"

func numberOf(value any) string {
	return strings.TrimSuffix(strings.TrimPrefix(fmt.Sprint(value), `tftypes.Number<"`), `">`)
}

// workspaceWithGrants returns a workspace with all kinds of grants, and the IDs of its experiments.
func workspaceWithGrants(t *testing.T) (w *acctest.Workspace, ids map[string]string) {
	t.Helper()
	w = acctest.NewWorkspace(t)
	ids = map[string]string{}
	for _, name := range []string{"/Projects/churn/training", "/Projects/churn/baseline", "/Shared/open"} {
		ids[name] = w.CreateExperiment(emulator.Admin, name, map[string]string{"team": path.Base(path.Dir(name))})
	}
	w.GrantFolder("/Projects/churn", emulator.GroupPrincipal("risk"), "CAN_READ")
	w.Grant(ids["/Projects/churn/training"], emulator.GroupPrincipal("risk"), "CAN_EDIT")
	w.Grant(ids["/Projects/churn/training"], emulator.UserPrincipal(emulator.OtherUser), "CAN_MANAGE")
	w.Grant(ids["/Projects/churn/baseline"], emulator.ServicePrincipalPrincipal(emulator.ServicePrincipal), "CAN_EDIT")
	return w, ids
}

func TestPermissionReview(t *testing.T) {
	t.Parallel()
	w, ids := workspaceWithGrants(t)
	w.AddNotebookExperiment(emulator.Admin, "/Projects/churn/notebook")
	state, grants, says := w.Provider(t, emulator.AdminToken).Review(map[string]any{})
	want := []acctest.ReviewedGrant{
		{Grant: "/Projects/churn/baseline group admins CAN_MANAGE inherited", Path: "/"},
		{Grant: "/Projects/churn/baseline group risk CAN_READ inherited", Path: "/Projects/churn"},
		{Grant: "/Projects/churn/baseline service_principal " + emulator.ServicePrincipal + " CAN_EDIT direct", Path: ""},
		{Grant: "/Projects/churn/training group admins CAN_MANAGE inherited", Path: "/"},
		{Grant: "/Projects/churn/training group risk CAN_EDIT direct", Path: ""},
		{Grant: "/Projects/churn/training group risk CAN_READ inherited", Path: "/Projects/churn"},
		{Grant: "/Projects/churn/training user " + emulator.OtherUser + " CAN_MANAGE direct", Path: ""},
		{Grant: "/Shared/open group admins CAN_MANAGE inherited", Path: "/"},
		{Grant: "/Shared/open group users CAN_MANAGE inherited", Path: "/Shared"},
	}
	if says != "" || !slices.Equal(grants, want) {
		t.Errorf("got diagnostics %q and grants\n%v\nwant grants\n%v", says, grants, want)
	}
	var effective []string
	for _, g := range acctest.ObjectsOf(state["grants"]) {
		if acctest.IsTrue(g["effective"]) {
			effective = append(effective, fmt.Sprint(g["principal"], " ", g["level"]))
		}
	}
	if want := []string{"admins CAN_MANAGE", "risk CAN_READ", emulator.ServicePrincipal + " CAN_EDIT", "admins CAN_MANAGE", "risk CAN_EDIT",
		emulator.OtherUser + " CAN_MANAGE", "admins CAN_MANAGE", "users CAN_MANAGE"}; !slices.Equal(effective, want) {
		t.Errorf("got effective grants %q, want %q", effective, want)
	}
	serviceGrant := acctest.ObjectsOf(state["grants"])[2]
	if serviceGrant["display_name"] != "deployer" || serviceGrant["experiment_id"] != ids["/Projects/churn/baseline"] {
		t.Errorf("got grant %v, want display name deployer and ID %s", serviceGrant, ids["/Projects/churn/baseline"])
	}
	counts, _ := state["counts"].(map[string]any)
	var totals []string
	for _, count := range []string{"experiments", "unreadable", "grants", "principals"} {
		totals = append(totals, numberOf(counts[count]))
	}
	if want := []string{"4", "1", "9", "5"}; !slices.Equal(totals, want) {
		t.Errorf("got counts %q, want %q", totals, want)
	}
	if reviewed := acctest.ObjectsOf(state["experiments"]); len(reviewed) != 3 || reviewed[0]["id"] != ids["/Projects/churn/baseline"] ||
		reviewed[0]["owner"] != emulator.Admin {
		t.Errorf("got experiments %v, want 3, first that with ID %s and owner %s", reviewed, ids["/Projects/churn/baseline"], emulator.Admin)
	}
	if state["members"] != nil || state["default_level"] != nil {
		t.Errorf("got members %v and default level %v, want null on Databricks", state["members"], state["default_level"])
	}
	w.ExpectWrites(t)
}

func TestPermissionReview_filters(t *testing.T) {
	t.Parallel()
	w, _ := workspaceWithGrants(t)
	d := w.Provider(t, emulator.AdminToken)
	for name, c := range map[string]struct {
		config map[string]any
		want   string
	}{
		"a group": {map[string]any{"principals": []string{"risk"}},
			"baseline risk CAN_READ, training risk CAN_EDIT, training risk CAN_READ"},
		"groups compare exactly": {map[string]any{"principals": []string{"Risk"}}, ""},
		"a user in upper case": {map[string]any{"principals": []string{strings.ToUpper(emulator.OtherUser)}},
			"training ben@example.com CAN_MANAGE"},
		"a service principal": {map[string]any{"principals": []string{strings.ToUpper(emulator.ServicePrincipal)}}, "baseline " +
			emulator.ServicePrincipal + " CAN_EDIT"},
		"several": {map[string]any{"principals": []string{"users", emulator.OtherUser}},
			"training ben@example.com CAN_MANAGE, open users CAN_MANAGE"},
		"CAN_EDIT and higher": {map[string]any{"min_level": "CAN_EDIT", "name_prefix": "/Workspace/Projects/"},
			"baseline admins CAN_MANAGE, baseline " + emulator.ServicePrincipal +
				" CAN_EDIT, training admins CAN_MANAGE, training risk CAN_EDIT, training ben@example.com CAN_MANAGE"},
		"CAN_READ and higher": {map[string]any{"min_level": "CAN_READ", "principals": []string{"risk"}},
			"baseline risk CAN_READ, training risk CAN_EDIT, training risk CAN_READ"},
		"CAN_MANAGE, selected by tag": {map[string]any{"min_level": "CAN_MANAGE", "tags": map[string]string{"team": "Shared"}},
			"open admins CAN_MANAGE, open users CAN_MANAGE"},
		"selected by regex and limit": {map[string]any{"name_regex": "^/Projects", "limit": 1, "principals": []string{"risk"}},
			"baseline risk CAN_READ"},
		"ordered": {map[string]any{"order_by": []string{"name DESC"}, "principals": []string{"risk", "users"}},
			"open users CAN_MANAGE, training risk CAN_EDIT, training risk CAN_READ, baseline risk CAN_READ"},
		"without admins": {map[string]any{"include_admins": false, "min_level": "CAN_MANAGE"},
			"training ben@example.com CAN_MANAGE, open users CAN_MANAGE"},
		"with admins": {map[string]any{"include_admins": true, "name_prefix": "/Shared"},
			"open admins CAN_MANAGE, open users CAN_MANAGE"},
		"nothing selected": {map[string]any{"filter": "name = 'none'"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			state, says := d.ReadDataSource("mlflow_permission_review", c.config)
			var found []string
			for _, g := range acctest.ObjectsOf(state["grants"]) {
				found = append(found, fmt.Sprintf("%s %s %s", path.Base(fmt.Sprint(g["experiment_name"])), g["principal"], g["level"]))
			}
			if got := strings.Join(found, ", "); says != "" || got != c.want {
				t.Errorf("got diagnostics %q and grants %q, want grants %q", says, got, c.want)
			}
		})
	}
}

// Unreadable experiments are listed with the reason, and the others are complete.
func TestPermissionReview_unreadable(t *testing.T) {
	t.Parallel()
	w, _ := workspaceWithGrants(t)
	w.AddNotebookExperiment(emulator.Admin, "/Projects/notebook")
	w.AddGitFolder("/Projects/repo", false)
	w.AddNotebookExperiment(emulator.Admin, "/Projects/repo/notebook")
	deleted := w.CreateExperiment(emulator.Admin, "/Projects/deleted", nil)
	w.Before(http.MethodGet, "/api/2.0/permissions/experiments/"+deleted, func(*http.Request) {
		if e, ok := w.Experiment(deleted); ok && e.LifecycleStage == "active" {
			w.Trash(deleted)
		}
	})
	fail := func(name string, f emulator.Fault) {
		f.Path, f.Times = "/api/2.0/permissions/experiments/"+w.CreateExperiment(emulator.Admin, name, nil), -1
		w.Inject(f)
	}
	fail("/Projects/busy", emulator.Fault{Status: http.StatusServiceUnavailable, Code: "TEMPORARILY_UNAVAILABLE", Message: "try later"})
	fail("/Projects/odd", emulator.Fault{ContentType: "application/json", RawBody: `{"access_control_list": 7}`})
	fail("/Projects/other", emulator.Fault{ContentType: "application/json",
		RawBody: `{"object_id": "/notebooks/1", "object_type": "notebook"}`})
	d := acctest.NewProvider(t, map[string]any{"host": w.URL, "token": emulator.AdminToken, "retry_timeout_seconds": 1})
	state, grants, says := d.Review(map[string]any{})
	if says != "" || len(grants) != 9 {
		t.Errorf("got diagnostics %q and %d grants, want 9 grants: %v", says, len(grants), grants)
	}
	reasons := acctest.Unreadable(state)
	for name, want := range map[string]string{
		"/Projects/notebook":      `notebook: It is the experiment of the notebook "/Projects/notebook" and has the notebook's permissions.`,
		"/Projects/repo/notebook": `git_folder: It is the experiment of the notebook "/Projects/repo/notebook" in a Git folder`,
		"/Projects/deleted": "workspace: It no longer exists. The server returned: Node ID " + deleted +
			" does not exist (RESOURCE_DOES_NOT_EXIST, HTTP 404).",
		"/Projects/busy": "workspace: Its permissions could not be read. The server returned: try later (TEMPORARILY_UNAVAILABLE, HTTP " +
			"503).",
		"/Projects/odd": "workspace: Its permissions could not be read. The server returned: the response is not a valid response of the " +
			"MLflow API: access_control_list is a number (HTTP 200).",
		"/Projects/other": "workspace: Its permissions could not be read. The server returned the permissions of an object of type " +
			"\"notebook\", not of an experiment.",
	} {
		if !strings.HasPrefix(reasons[name], want) || strings.Contains(reasons[name], "\n") {
			t.Errorf("%s: got reason %q, want %q", name, reasons[name], want)
		}
	}
	if len(reasons) != 6 {
		t.Errorf("got unreadable experiments %v, want 6", reasons)
	}
	delete(reasons, "/Projects/deleted") // the search no longer returns it
	if again, _, _ := d.Review(map[string]any{}); !maps.Equal(acctest.Unreadable(again), reasons) {
		t.Errorf("second review: got reasons %v, want %v", acctest.Unreadable(again), reasons)
	}
}

// A user can review experiments with CAN_MANAGE. The others are unreadable.
func TestPermissionReview_denied(t *testing.T) {
	t.Parallel()
	w, ids := workspaceWithGrants(t)
	w.Grant(ids["/Projects/churn/baseline"], emulator.UserPrincipal(emulator.User), "CAN_EDIT")
	state, grants, says := w.Provider(t, emulator.UserToken).Review(map[string]any{})
	want := []acctest.ReviewedGrant{{Grant: "/Shared/open group admins CAN_MANAGE inherited", Path: "/"},
		{Grant: "/Shared/open group users CAN_MANAGE inherited", Path: "/Shared"}}
	if says != "" || !slices.Equal(grants, want) {
		t.Errorf("got diagnostics %q and grants %v, want grants %v", says, grants, want)
	}
	reasons := acctest.Unreadable(state)
	const denied = "workspace: Reading its permissions requires CAN_MANAGE. The server returned: " + emulator.User +
		" does not have Manage permissions"
	if len(reasons) != 1 || !strings.HasPrefix(reasons["/Projects/churn/baseline"], denied) {
		t.Errorf("got unreadable experiments %v, want only /Projects/churn/baseline with %q", reasons, denied)
	}
}

// If the server fails, so does the review, instead of reporting every experiment as unreadable after many attempts.
func TestPermissionReview_serverFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault emulator.Fault
		says  string
	}{
		"busy": {emulator.Fault{Status: http.StatusServiceUnavailable, Code: "TEMPORARILY_UNAVAILABLE", Message: "try later"},
			"error: Could not review permissions: Databricks: try later"},
		"unauthenticated": {emulator.Fault{Status: http.StatusUnauthorized, Code: "UNAUTHENTICATED", Message: "token expired"},
			"error: Could not review permissions: Databricks: token expired"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := acctest.NewWorkspace(t, emulator.Options{Seed: 100})
			c.fault.Path, c.fault.Times = permissionsRoute, -1
			w.Inject(c.fault)
			d := acctest.NewProvider(t, map[string]any{"host": w.URL, "token": emulator.AdminToken, "retry_timeout_seconds": 1})
			if _, _, says := d.Review(map[string]any{}); !strings.HasPrefix(says, c.says) {
				t.Errorf("got diagnostics %q, want %q", says, c.says)
			}
		})
	}
}

// A review of 1,000 experiments sends a request for each, one for a page of the search, and a few for folders, also if it is rate-limited.
func TestPermissionReview_requests(t *testing.T) {
	t.Parallel()
	const experiments, budget = 1000, 1000 + 1 + 5
	w := acctest.NewWorkspace(t, emulator.Options{Seed: experiments})
	w.Inject(emulator.Fault{Path: permissionsRoute, Skip: 950, Status: http.StatusTooManyRequests, Code: "REQUEST_LIMIT_EXCEEDED",
		Message: "slow down"})
	state, grants, says := w.Provider(t, emulator.AdminToken).Review(map[string]any{})
	if says != "" || len(grants) != 3*experiments || len(acctest.Unreadable(state)) > 0 {
		t.Errorf("got diagnostics %q, %d grants, unreadable experiments %v, want %d grants", says, len(grants), acctest.Unreadable(state),
			3*experiments)
	}
	if requests := len(w.Journal()); requests > budget {
		t.Errorf("got %d requests, want at most %d", requests, budget)
	}
	for _, g := range grants {
		folder := path.Dir(strings.Fields(g.Grant)[0])
		if strings.Contains(g.Grant, " group team-") && g.Path != folder {
			t.Fatalf("%s: got path %q, want %q", g.Grant, g.Path, folder)
		}
	}
	if w.RemainingFaults() > 0 {
		t.Error("the server did not limit the rate")
	}
}

// A review returns exactly the grants of a random workspace, and no wrong folder.
func TestPermissionReview_property(t *testing.T) {
	t.Parallel()
	inherited, withFolder := 0, 0
	schemas := acctest.NewWorkspace(t).Provider(t, emulator.AdminToken).Schemas
	for seed := range uint64(200) {
		w := acctest.NewWorkspace(t)
		expected := createRandomGrants(w, rand.New(rand.NewPCG(seed, 1)))
		state, grants, says := directWithSchemas(t, w, schemas).Review(map[string]any{"name_regex": "^/(Projects|Shared)/"})
		if says != "" || len(acctest.Unreadable(state)) != expected.notebooks ||
			len(acctest.ObjectsOf(state["experiments"])) != expected.experiments {
			t.Fatalf("seed %d: got diagnostics %q, %d experiments, unreadable %v, want %d and %d notebooks", seed, says,
				len(acctest.ObjectsOf(state["experiments"])), acctest.Unreadable(state), expected.experiments, expected.notebooks)
		}
		for _, g := range grants {
			if strings.HasSuffix(g.Grant, " inherited") {
				inherited++
			}
			i := slices.IndexFunc(expected.grants, func(want acctest.ReviewedGrant) bool {
				return want.Grant == g.Grant && (g.Path == "" || g.Path == want.Path)
			})
			if i < 0 {
				t.Fatalf("seed %d: got unexpected grant %v", seed, g)
			}
			if g.Path != "" {
				withFolder++
			}
			expected.grants = slices.Delete(expected.grants, i, i+1)
		}
		if len(expected.grants) > 0 {
			t.Fatalf("seed %d: missing grants %v", seed, expected.grants)
		}
		if n := w.Count(http.MethodGet, "/api/2.0/workspace/get-status"); n > 5 {
			t.Fatalf("seed %d: got %d folder lookups, want at most 5", seed, n)
		}
	}
	if withFolder*100 < inherited*95 {
		t.Errorf("got a folder for %d of %d inherited grants, want at least 95%%", withFolder, inherited)
	}
}

// directWithSchemas returns a provider for one of many workspaces in a test. Reading the schemas once saves most of the time.
func directWithSchemas(t *testing.T, w *acctest.Workspace, schemas *tfprotov6.GetProviderSchemaResponse) *acctest.Provider {
	t.Helper()
	server, err := acctest.Factories()["mlflow"]()
	if err != nil {
		t.Fatal(err)
	}
	d := &acctest.Provider{T: t, Server: server, Schemas: schemas}
	config := d.Encode(schemas.Provider, map[string]any{"host": w.URL, "token": emulator.AdminToken})
	if resp, err := server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: config}); err != nil ||
		len(resp.Diagnostics) > 0 {
		t.Fatalf("configure: %v, %s", err, acctest.DescribeDiagnostics(resp.Diagnostics))
	}
	return d
}

// expectedReview is the content of a workspace.
type expectedReview struct {
	grants                 []acctest.ReviewedGrant
	experiments, notebooks int
}

// createRandomGrants creates folders, experiments, notebooks, and grants, and returns the expected review.
func createRandomGrants(w *acctest.Workspace, r *rand.Rand) expectedReview {
	pick := func(from []string) string { return from[r.IntN(len(from))] }
	folders := []string{"/Projects", "/Shared"}
	onFolder := map[string]map[emulator.Principal]string{
		"/": {emulator.GroupPrincipal("admins"): "CAN_MANAGE"}, "/Shared": {emulator.GroupPrincipal("users"): "CAN_MANAGE"},
	}
	principals := []emulator.Principal{
		emulator.GroupPrincipal("risk"), emulator.GroupPrincipal("data-science"), emulator.UserPrincipal(emulator.User),
		emulator.UserPrincipal(emulator.OtherUser), emulator.ServicePrincipalPrincipal(emulator.ServicePrincipal),
	}
	for i := range r.IntN(6) {
		folders = append(folders, fmt.Sprintf("%s/f%d", pick(folders), i))
	}
	for range r.IntN(8) {
		folder, p, level := pick(folders), principals[r.IntN(len(principals))],
			pick([]string{"CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"})
		w.GrantFolder(folder, p, level)
		if onFolder[folder] == nil {
			onFolder[folder] = map[emulator.Principal]string{}
		}
		onFolder[folder][p] = level
	}
	var expected expectedReview
	for i := range 1 + r.IntN(12) {
		name := fmt.Sprintf("%s/e%d", pick(folders), i)
		if r.IntN(6) == 0 {
			w.AddNotebookExperiment(emulator.Admin, name)
			expected.notebooks++
			continue
		}
		id := w.CreateExperiment(emulator.Admin, name, nil)
		expected.experiments++
		for range r.IntN(4) {
			w.Grant(id, principals[r.IntN(len(principals))], pick([]string{"CAN_READ", "CAN_EDIT", "CAN_MANAGE"}))
		}
		for _, g := range w.Grants(id) {
			expected.grants = append(expected.grants, acctest.ReviewedGrant{Grant: fmt.Sprintf("%s %s %s %s direct", name, g.Kind, g.Name,
				g.Level), Path: ""})
		}
		for folder := path.Dir(name); ; folder = path.Dir(folder) {
			for p, level := range onFolder[folder] {
				expected.grants = append(expected.grants, acctest.ReviewedGrant{Grant: fmt.Sprintf("%s %s %s %s inherited", name, p.Kind,
					p.Name, level), Path: folder})
			}
			if folder == "/" {
				break
			}
		}
	}
	return expected
}
