package governance_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// randomWorkspaces is the number of workspaces whose effective access is compared with the access that the server enforces.
const randomWorkspaces = 200

// randomWorkspace has nested groups, also in cycles, and grants of all kinds on experiments and folders.
type randomWorkspace struct {
	*emulator.Workspace

	random      *rand.Rand
	individuals []emulator.Principal
	ids         []string
}

func newRandomWorkspace(seed uint64) *randomWorkspace {
	w := &randomWorkspace{random: rand.New(rand.NewPCG(seed, 7))}
	tokens := map[string]string{emulator.AdminToken: emulator.Admin}
	for i := range 5 {
		w.individuals = append(w.individuals, emulator.UserPrincipal(fmt.Sprintf("p%d@example.com", i)))
	}
	w.individuals = append(w.individuals, emulator.ServicePrincipalPrincipal("00000000-0000-4000-8000-000000000001"))
	for _, p := range w.individuals {
		tokens[p.Name] = p.Name
	}
	w.Workspace = emulator.New(emulator.Options{Tokens: tokens})
	w.individuals = append(w.individuals, emulator.UserPrincipal(emulator.Admin))
	groups := []emulator.Principal{emulator.GroupPrincipal("admins"), emulator.GroupPrincipal("users")}
	for i := range 5 {
		group := emulator.GroupPrincipal(fmt.Sprintf("g%d", i))
		w.AddGroup(group.Name)
		groups = append(groups, group)
	}
	own := groups[2:]
	for range 4 {
		w.AddToGroups(own[w.random.IntN(len(own))], own[w.random.IntN(len(own))].Name)
		w.AddToGroups(w.individuals[w.random.IntN(len(w.individuals)-1)], own[w.random.IntN(len(own))].Name)
	}
	if w.random.IntN(4) == 0 {
		w.AddToGroups(own[w.random.IntN(len(own))], "admins")
	}
	grantees := slices.Concat(w.individuals, own, own)
	if w.random.IntN(3) == 0 {
		grantees = append(grantees, groups[1])
	}
	grantee := func() emulator.Principal { return grantees[w.random.IntN(len(grantees))] }
	level := func(levels ...string) string { return levels[w.random.IntN(len(levels))] }
	folders := []string{"/Projects", "/Projects/a", "/Projects/a/b"}
	for i := range 3 {
		id := w.CreateExperiment(emulator.Admin, fmt.Sprintf("%s/e%d", folders[w.random.IntN(len(folders))], i), nil)
		w.ids = append(w.ids, id)
		for range w.random.IntN(3) {
			w.Grant(id, grantee(), level("CAN_READ", "CAN_EDIT", "CAN_MANAGE"))
		}
	}
	for range w.random.IntN(4) {
		w.GrantFolder(folders[w.random.IntN(len(folders))], grantee(), level("CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"))
	}
	return w
}

// isAllowed sends a request with a token, and reports whether the server allows it.
func (w *randomWorkspace) isAllowed(t *testing.T, token, method, path, body string) bool {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	req.Header.Set("Authorization", "Bearer "+token)
	response := httptest.NewRecorder()
	w.ServeHTTP(response, req)
	if response.Code != http.StatusOK && response.Code != http.StatusForbidden {
		t.Fatalf("%s %s: %d %s", method, path, response.Code, response.Body)
	}
	return response.Code == http.StatusOK
}

// enforcedAccess returns what the server allows a principal on an experiment: to change its permissions or a tag, or to read it.
func (w *randomWorkspace) enforcedAccess(t *testing.T, p emulator.Principal, id string) string {
	t.Helper()
	token := p.Name
	if p.Name == emulator.Admin {
		token = emulator.AdminToken
	}
	switch {
	case w.isAllowed(t, token, "PATCH", "/api/2.0/permissions/experiments/"+id, `{"access_control_list":[]}`):
		return "manage"
	case w.isAllowed(t, token, "POST", acctest.ExperimentsPath+"set-experiment-tag", `{"experiment_id":"`+id+`","key":"k","value":"v"}`):
		return "edit"
	case w.isAllowed(t, token, "GET", acctest.ExperimentsPath+"get?experiment_id="+id, ""):
		return "read"
	default:
		return "nothing"
	}
}

// readRaw returns the state of a data source as a value of the plugin protocol.
func readRaw(t *testing.T, d *acctest.Provider, kind string, config map[string]any) tftypes.Value {
	t.Helper()
	schema := d.Schemas.DataSourceSchemas[kind]
	resp, err := d.Server.ReadDataSource(t.Context(), &tfprotov6.ReadDataSourceRequest{TypeName: kind, Config: d.Encode(schema, config)})
	if err != nil || len(resp.Diagnostics) > 0 {
		t.Fatalf("%s: %v, %s", kind, err, acctest.DescribeDiagnostics(resp.Diagnostics))
	}
	state, err := resp.State.Unmarshal(schema.ValueType())
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// effectiveAccess calls the function as Terraform does.
func effectiveAccess(t *testing.T, d *acctest.Provider, review, principals tftypes.Value) []map[string]tftypes.Value {
	t.Helper()
	req := &tfprotov6.CallFunctionRequest{Name: "effective_access"}
	for _, value := range []tftypes.Value{review, principals} {
		encoded, err := tfprotov6.NewDynamicValue(tftypes.DynamicPseudoType, value)
		d.Check(err)
		req.Arguments = append(req.Arguments, &encoded)
	}
	resp, err := d.Server.CallFunction(context.Background(), req)
	d.Check(err)
	if resp.Error != nil {
		t.Fatal(resp.Error.Text)
	}
	functions, err := d.Server.GetFunctions(context.Background(), &tfprotov6.GetFunctionsRequest{})
	d.Check(err)
	result, err := resp.Result.Unmarshal(functions.Functions["effective_access"].Return.Type)
	d.Check(err)
	var elements []tftypes.Value
	d.Check(result.As(&elements))
	var lines []map[string]tftypes.Value
	for _, element := range elements {
		var line map[string]tftypes.Value
		d.Check(element.As(&line))
		lines = append(lines, line)
	}
	return lines
}

func textOf(value tftypes.Value) string {
	var text string
	_ = value.As(&text) // null is empty
	return text
}

// computedAccess returns the effective access of each user and service principal, by experiment and name.
func (w *randomWorkspace) computedAccess(t *testing.T, d *acctest.Provider) map[string]string {
	t.Helper()
	review := readRaw(t, d, "mlflow_permission_review", map[string]any{"name_prefix": "/Projects/"})
	var attributes map[string]tftypes.Value
	d.Check(review.As(&attributes))
	var grants []tftypes.Value
	d.Check(attributes["grants"].As(&grants))
	var pairs []string
	for _, g := range grants {
		var grant map[string]tftypes.Value
		d.Check(g.As(&grant))
		pairs = append(pairs, textOf(grant["kind"]), textOf(grant["principal"]))
	}
	principals := readRaw(t, d, "mlflow_principals", map[string]any{"grants": grantsTo(pairs...)})
	rights := map[string]string{"CAN_READ": "read", "CAN_RUN": "read", "CAN_EDIT": "edit", "CAN_MANAGE": "manage"}
	order := []string{"", "read", "edit", "manage"}
	found := map[string]string{}
	allow := func(id, name, right string) {
		if key := id + " " + name; slices.Index(order, right) > slices.Index(order, found[key]) {
			found[key] = right
		}
	}
	for _, line := range effectiveAccess(t, d, review, principals) {
		id, name, right := textOf(line["experiment_id"]), textOf(line["principal"]), rights[textOf(line["level"])]
		if textOf(line["kind"]) != "group" {
			allow(id, name, right)
			continue
		}
		if name != "users" {
			t.Errorf("got the group %s, want only groups of all users", name)
		}
		for _, p := range w.individuals {
			allow(id, p.Name, right)
		}
	}
	return found
}

// Effective access is the access that the server enforces for each principal.
func TestEffectiveAccess_enforced(t *testing.T) {
	t.Parallel()
	counts := map[string]int{}
	for seed := range uint64(randomWorkspaces) {
		w := newRandomWorkspace(seed)
		server := httptest.NewServer(w)
		computed := w.computedAccess(t, acctest.NewProvider(t, map[string]any{"host": server.URL, "token": emulator.AdminToken}))
		server.Close()
		for _, id := range w.ids {
			for _, p := range w.individuals {
				want, got := w.enforcedAccess(t, p, id), computed[id+" "+p.Name]
				if got == "" {
					got = "nothing"
				}
				if counts[want]++; got != want {
					t.Errorf("seed %d, %s on experiment %s: got %s, want %s", seed, p.Name, id, got, want)
				}
			}
		}
		if t.Failed() {
			return
		}
	}
	t.Logf("access: %v", counts)
	for _, right := range []string{"nothing", "read", "edit", "manage"} {
		if counts[right] < randomWorkspaces/4 {
			t.Errorf("got %d cases of %s, want at least %d", counts[right], right, randomWorkspaces/4)
		}
	}
}
