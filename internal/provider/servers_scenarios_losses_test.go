//go:build mlflow

package provider_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
)

// callerKind is the kind of user that runs Terraform.
type callerKind int

const (
	// byAdmin is a server admin. byManager is a manager of a workspace, but not a server admin. byCreator is a member of a workspace who
	// manages only an experiment that it created.
	byAdmin callerKind = iota
	byManager
	byCreator
)

// lossAttempt is an attempt to lose an account, the access of the caller, or the content of a workspace. None may succeed.
type lossAttempt struct {
	by   callerKind
	kind string
	// setup is called first, and meanwhile between the plan and the apply.
	setup, meanwhile func(*testing.T, *lossFixture)
	// state returns the ID of the object in the state. Nil means an empty state. prepare creates the state by an apply instead.
	state   func(*lossFixture) string
	prepare func(*lossFixture) map[string]any
	// config is nil for a destroy.
	config func(*lossFixture) map[string]any
	// run replaces all of these, and returns the diagnostics.
	run func(*testing.T, *lossFixture) string
	// atApply: only the apply can reject it. warns: the apply succeeds with a warning, and nothing is lost. quiet: without a warning.
	atApply, warns, quiet bool
	// names returns the object in the message, if it is not the object of the kind.
	names func(*lossFixture) string
}

// lossFixture contains the objects that an attempt can lose.
type lossFixture struct {
	*server
	by     callerKind
	caller person
	// there is the server with the workspace selected, as its first admin. other is another workspace.
	there            *server
	workspace, other string
	// role is the only role that makes the caller a manager of the workspace.
	role       string
	experiment string
	// ana is another user.
	ana string
}

// preventedLosses tries to lose objects that no plan may remove: the last server admin, the caller, its access, and content.
func preventedLosses(t *testing.T, s *server) {
	const least = 30
	all := map[string]lossAttempt{}
	for _, some := range []map[string]lossAttempt{accountLosses, workspaceLosses, experimentLosses, roleLosses, memberLosses,
		permissionLosses} {
		for name, w := range some {
			if _, twice := all[name]; twice {
				t.Errorf("two attempts have the name %q", name)
			}
			all[name] = w
		}
	}
	if len(all) < least {
		t.Errorf("there are %d attempts, want %d", len(all), least)
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		t.Run(name, func(t *testing.T) { all[name].try(t, s) })
	}
}

// newLossFixture creates a caller, and a workspace for it unless the attempt concerns only accounts.
func newLossFixture(t *testing.T, s *server, w lossAttempt) *lossFixture {
	t.Helper()
	st := &lossFixture{server: s, by: w.by}
	if slices.Contains([]string{kindMembers, kindMember, kindPermissions, kindPermission}, w.kind) { // each attempt takes seconds
		st.ana = s.addUser(t).name
	}
	if w.kind != kindUser || w.by != byAdmin {
		st.there, st.workspace = s.newWorkspace(t, "kept")
	}
	switch w.by {
	case byAdmin:
		st.caller = s.addUser(t)
		s.setAdmin(t, st.caller.name, true)
	case byManager:
		st.caller, st.role = s.addManager(t, st.workspace)
	case byCreator:
		st.caller, st.role = s.addUser(t), "user"
		s.assign(t, s.readRole(t, st.workspace, "user").id, st.caller.name)
		st.experiment = st.there.as(st.caller).CreateExperiment(t, s.Name("own"), nil)
	}
	return st
}

// leave removes the caller, so that other tests know the server's admins. If an attempt demoted the first admin, it is promoted again as
// the caller.
func (st *lossFixture) leave(t *testing.T, s *server) {
	t.Helper()
	if is, ok := st.userOf(t, adminName); ok && !is {
		st.setAdmin(t, adminName, true)
	}
	if _, ok := s.userOf(t, st.caller.name); ok {
		s.deleteUser(t, st.caller.name)
	}
}

// try makes an attempt: first with the plan of the caller, then with the plan of another admin, whom it does not lock out.
func (w lossAttempt) try(t *testing.T, s *server) {
	st := newLossFixture(t, s, w)
	defer st.leave(t, s)
	if w.setup != nil {
		w.setup(t, st)
	}
	before := st.belongings(t)
	if w.run != nil {
		w.expectRejected(t, st, w.run(t, st))
		st.expectKept(t, before)
		return
	}
	b := st.as(st.caller).Provider(t, nil).Resource(w.kind)
	diags := w.stateOf(t, st, b)
	config := w.configOf(st)
	if b.Values() == nil && config == nil { // it can't even be imported
		w.expectRejected(t, st, diags)
		st.expectKept(t, before)
		return
	}
	diags = acctest.JoinLines([]string{diags, b.Refresh()})
	plan := b.Plan(config)
	if refused := acctest.HasError(plan.Diagnostics); refused != (w.meanwhile == nil && !w.atApply && !w.warns && !w.quiet) {
		t.Errorf("rejected at plan: %t; got planned action %s and diagnostics %q", refused, plan.Action, plan.Diagnostics)
	}
	diags = acctest.JoinLines([]string{diags, plan.Diagnostics})
	if plan.Action != "" {
		if plan.Action == "replace" {
			plan, config = b.Plan(nil), nil // the CLI deletes first
		}
		if w.meanwhile != nil {
			w.meanwhile(t, st)
			before = st.belongings(t)
		}
		b.Provider = b.Restart()
		diags = acctest.JoinLines([]string{diags, b.ApplyPlan(plan, config)})
	}
	w.expectRejected(t, st, diags)
	st.expectKept(t, before)
	if plan.Action == "" {
		w.force(t, st, b)
		st.expectKept(t, before)
	}
}

// force applies a change that the caller's plan rejects, with the plan of the server's first admin. A change that both plans reject is
// safe.
func (w lossAttempt) force(t *testing.T, st *lossFixture, b *acctest.Resource) {
	t.Helper()
	stranger := st.Provider(t, nil).Resource(w.kind)
	stranger.State, stranger.Private = b.State, b.Private
	config := w.configOf(st)
	plan := planned(stranger, config)
	if plan.Action == "" || plan.Action == "none" {
		return
	}
	if plan.Action == "replace" {
		plan, config = planned(stranger, nil), nil
	}
	attempt := st.as(st.caller).Provider(t, nil).Resource(w.kind)
	attempt.State, attempt.Private = stranger.State, stranger.Private
	w.expectRejected(t, st, attempt.ApplyPlan(plan, config))
}

// stateOf imports the object of the attempt, and returns the diagnostics.
func (w lossAttempt) stateOf(t *testing.T, st *lossFixture, b *acctest.Resource) string {
	t.Helper()
	switch {
	case w.state != nil:
		return b.Import(w.state(st))
	case w.prepare != nil:
		if diags := b.Apply(w.prepare(st)); acctest.HasError(diags) {
			t.Fatalf("preparation: got diagnostics %s", diags)
		}
	}
	return ""
}

func (w lossAttempt) configOf(st *lossFixture) map[string]any {
	if w.config == nil {
		return nil
	}
	return w.config(st)
}

// expectRejected checks that the error names the reason and the object.
func (w lossAttempt) expectRejected(t *testing.T, st *lossFixture, diags string) {
	t.Helper()
	object := st.role
	switch {
	case w.names != nil:
		object = w.names(st)
	case w.kind == kindUser:
		object = st.caller.name
	case w.kind == kindWorkspace:
		object = st.workspace
	case strings.HasPrefix(w.kind, "mlflow_experiment"):
		object = st.experiment
	}
	switch {
	case w.quiet:
	case acctest.HasError(diags) == w.warns, object == "", !strings.Contains(diags, object):
		t.Errorf("got diagnostics %q, which should be an error: %t, and name %q", diags, !w.warns, object)
	default:
		t.Logf("%s", diags)
	}
}

// belongings describes the objects that must not be lost.
func (st *lossFixture) belongings(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, p := range []person{st.caller, admin} {
		is, ok := st.userOf(t, p.name)
		all = append(all, fmt.Sprintf("account %s: %t, admin: %t", p.name, ok, is))
		if st.authenticates(t, p.name, p.password) {
			all = append(all, "password of "+p.name)
		}
	}
	users := acctest.ObjectsOf(st.MustDo(t, "GET", userCalls+"list", nil)["users"])
	if slices.ContainsFunc(users, func(u map[string]any) bool { return u["is_admin"] == true }) {
		all = append(all, "an admin")
	}
	if st.there == nil {
		return all
	}
	if status, _ := st.Do(t, "GET", workspaceCalls+"/"+st.workspace, nil); status != 200 {
		return all
	}
	all = append(all, "workspace "+st.workspace)
	if st.by == byManager && st.manages(t) {
		all = append(all, "access of "+st.caller.name)
	}
	if st.by == byCreator {
		all = append(all, "on the own experiment: "+st.there.grants(t, st.experiment)["user "+st.caller.name])
	}
	return append(all, st.content(t)...)
}

// manages reports whether the caller is a member of a role that manages the workspace.
func (st *lossFixture) manages(t *testing.T) bool {
	t.Helper()
	for _, r := range st.there.roles(t) {
		for _, p := range r.Permissions {
			if p.Type == "workspace" && p.Pattern == "*" && p.Permission == "MANAGE" &&
				slices.Contains(st.readRole(t, st.workspace, r.Name).members, st.caller.name) {
				return true
			}
		}
	}
	return false
}

// content lists what is in the workspace.
func (st *lossFixture) content(t *testing.T) []string {
	t.Helper()
	var found struct {
		Experiments []acctest.Experiment
		Runs        []struct {
			Info struct {
				ID string `json:"run_id"`
			}
		}
		Models []struct{ Name string } `json:"registered_models"`
	}
	read := func(answer map[string]any) {
		data, err := json.Marshal(answer)
		if err == nil {
			err = json.Unmarshal(data, &found)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	read(st.there.MustDo(t, "POST", acctest.ExperimentsPath+"search", map[string]any{"view_type": "ALL", "max_results": 100}))
	var all, ids []string
	for _, e := range found.Experiments {
		all, ids = append(all, fmt.Sprintf("experiment %s %s %s", e.ID, e.Name, e.Stage)), append(ids, e.ID)
	}
	if len(ids) > 0 {
		read(st.there.MustDo(t, "POST", "/api/2.0/mlflow/runs/search", map[string]any{"experiment_ids": ids}))
	}
	for _, filter := range []string{"", "tags.`mlflow.prompt.is_prompt` = 'true'"} {
		found.Models = nil
		query := strings.ReplaceAll(strings.ReplaceAll(filter, " ", "%20"), "`", "%60")
		read(st.there.MustDo(t, "GET", "/api/2.0/mlflow/registered-models/search?filter="+query, nil))
		for _, m := range found.Models {
			all = append(all, "model "+m.Name)
		}
	}
	for _, r := range found.Runs {
		all = append(all, "run "+r.Info.ID)
	}
	return all
}

// expectKept checks that nothing was lost.
func (st *lossFixture) expectKept(t *testing.T, before []string) {
	t.Helper()
	after := st.belongings(t)
	for _, one := range before {
		if !slices.Contains(after, one) {
			t.Errorf("LOST: %s; there is now %q", one, after)
		}
	}
}

// concurrentLosses removes two roles, or memberships of them, that make the caller a manager. Only one of the two removals may succeed.
// byStranger: another admin planned it, and both are applied at the same time.
func concurrentLosses(byStranger bool, state func(*lossFixture) string) func(*testing.T, *lossFixture) string {
	return func(t *testing.T, st *lossFixture) string {
		t.Helper()
		kind, first := kindRole, st.role
		if strings.Contains(state(st), "user=") {
			kind = kindMember
		}
		st.addManagingRole(t, st.workspace, "second")
		planner := st.as(st.caller).Provider(t, nil)
		if byStranger {
			planner = st.Provider(t, nil)
		}
		a, b := planner.Resource(kind), planner.Resource(kind)
		acctest.ExpectDiagnostics(t, a.Import(state(st)), "")
		st.role = "second"
		acctest.ExpectDiagnostics(t, b.Import(state(st)), "")
		st.role = first
		plans := []acctest.Plan{a.Plan(nil), b.Plan(nil)}
		diags := []string{plans[0].Diagnostics, plans[1].Diagnostics}
		if refused := acctest.HasError(acctest.JoinLines(diags)); refused == byStranger {
			t.Errorf("rejected at plan: %t; diagnostics %q", refused, diags)
		}
		process := st.as(st.caller).Provider(t, nil)
		var together sync.WaitGroup
		for i, one := range []*acctest.Resource{a, b} {
			one.Provider = process
			together.Go(func() { diags[i] = one.ApplyPlan(plans[i], nil) })
		}
		together.Wait()
		return acctest.JoinLines(diags)
	}
}

// addManagingRole creates a role that manages a workspace, with the caller as its member.
func (st *lossFixture) addManagingRole(t *testing.T, workspace, name string) (id int) {
	t.Helper()
	made, _ := st.MustDo(t, "POST", rbacCalls+"roles/create", map[string]any{"name": name, "workspace": workspace})["role"].(map[string]any)
	id = numberOf(made["id"])
	st.addRow(t, id, "workspace/*", "MANAGE")
	st.assign(t, id, st.caller.name)
	return id
}
