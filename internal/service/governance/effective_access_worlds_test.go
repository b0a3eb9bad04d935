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

// accessWorlds is how many random workspaces the effective access of is compared with what the server enforces.
const accessWorlds = 200

// accessWorld is a random workspace with nested groups, also in cycles, and grants of all kinds on experiments and folders.
type accessWorld struct {
	*emulator.Workspace

	random *rand.Rand
	people []emulator.Principal
	ids    []string
}

func newAccessWorld(seed uint64) *accessWorld {
	w := &accessWorld{random: rand.New(rand.NewPCG(seed, 7))}
	tokens := map[string]string{emulator.AdminToken: emulator.Admin}
	for i := range 5 {
		w.people = append(w.people, emulator.UserPrincipal(fmt.Sprintf("p%d@example.com", i)))
	}
	w.people = append(w.people, emulator.ServicePrincipalPrincipal("00000000-0000-4000-8000-000000000001"))
	for _, p := range w.people {
		tokens[p.Name] = p.Name
	}
	w.Workspace = emulator.New(emulator.Options{Tokens: tokens})
	w.people = append(w.people, emulator.UserPrincipal(emulator.Admin))
	groups := []emulator.Principal{emulator.GroupPrincipal("admins"), emulator.GroupPrincipal("users")}
	for i := range 5 {
		group := emulator.GroupPrincipal(fmt.Sprintf("g%d", i))
		w.AddGroup(group.Name)
		groups = append(groups, group)
	}
	own := groups[2:]
	for range 4 {
		w.AddToGroups(own[w.random.IntN(len(own))], own[w.random.IntN(len(own))].Name)
		w.AddToGroups(w.people[w.random.IntN(len(w.people)-1)], own[w.random.IntN(len(own))].Name)
	}
	if w.random.IntN(4) == 0 {
		w.AddToGroups(own[w.random.IntN(len(own))], "admins")
	}
	holders := slices.Concat(w.people, own, own)
	if w.random.IntN(3) == 0 {
		holders = append(holders, groups[1])
	}
	holder := func() emulator.Principal { return holders[w.random.IntN(len(holders))] }
	level := func(levels ...string) string { return levels[w.random.IntN(len(levels))] }
	folders := []string{"/Projects", "/Projects/a", "/Projects/a/b"}
	for i := range 3 {
		id := w.CreateExperiment(emulator.Admin, fmt.Sprintf("%s/e%d", folders[w.random.IntN(len(folders))], i), nil)
		w.ids = append(w.ids, id)
		for range w.random.IntN(3) {
			w.Grant(id, holder(), level("CAN_READ", "CAN_EDIT", "CAN_MANAGE"))
		}
	}
	for range w.random.IntN(4) {
		w.GrantFolder(folders[w.random.IntN(len(folders))], holder(), level("CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"))
	}
	return w
}

// ask sends a request as one of the people, and reports whether the server allows it.
func (w *accessWorld) ask(t *testing.T, token, method, path, body string) bool {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	req.Header.Set("Authorization", "Bearer "+token)
	answer := httptest.NewRecorder()
	w.ServeHTTP(answer, req)
	if answer.Code != http.StatusOK && answer.Code != http.StatusForbidden {
		t.Fatalf("%s %s: %d %s", method, path, answer.Code, answer.Body)
	}
	return answer.Code == http.StatusOK
}

// enforced is what the server lets a person do on an experiment: reading, changing a tag, and changing the permissions.
func (w *accessWorld) enforced(t *testing.T, p emulator.Principal, id string) string {
	t.Helper()
	token := p.Name
	if p.Name == emulator.Admin {
		token = emulator.AdminToken
	}
	switch {
	case w.ask(t, token, "PATCH", "/api/2.0/permissions/experiments/"+id, `{"access_control_list":[]}`):
		return "manage"
	case w.ask(t, token, "POST", acctest.ExperimentsPath+"set-experiment-tag", `{"experiment_id":"`+id+`","key":"k","value":"v"}`):
		return "edit"
	case w.ask(t, token, "GET", acctest.ExperimentsPath+"get?experiment_id="+id, ""):
		return "read"
	default:
		return "nothing"
	}
}

// read returns the state of a data source as the plugin protocol has it.
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

// effectiveAccess calls the function as a CLI does.
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

// computed returns what people can do by effective access, by experiment and name.
func (w *accessWorld) computed(t *testing.T, d *acctest.Provider) map[string]string {
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
			t.Errorf("the group %s is not resolved", name)
		}
		for _, p := range w.people {
			allow(id, p.Name, right)
		}
	}
	return found
}

// Effective access is what the server enforces, asked as each person.
func TestEffectiveAccess_isWhatTheServerEnforces(t *testing.T) {
	t.Parallel()
	rights := map[string]int{}
	for seed := range uint64(accessWorlds) {
		w := newAccessWorld(seed)
		server := httptest.NewServer(w)
		computed := w.computed(t, acctest.NewProvider(t, map[string]any{"host": server.URL, "token": emulator.AdminToken}))
		server.Close()
		for _, id := range w.ids {
			for _, p := range w.people {
				want, got := w.enforced(t, p, id), computed[id+" "+p.Name]
				if got == "" {
					got = "nothing"
				}
				if rights[want]++; got != want {
					t.Errorf("seed %d: %s can %s on %s, effective access says %s", seed, p.Name, want, id, got)
				}
			}
		}
		if t.Failed() {
			return
		}
	}
	t.Logf("%v", rights)
	for _, right := range []string{"nothing", "read", "edit", "manage"} {
		if rights[right] < accessWorlds/4 {
			t.Errorf("only %d times somebody can %s", rights[right], right)
		}
	}
}
