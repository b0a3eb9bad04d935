//go:build mlflow

package provider_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
)

const (
	rbacCalls   = "/api/3.0/mlflow/"
	legacyCalls = experimentCalls + "permissions/"
)

// serverScenarios are what only real servers have. They come before the scenarios of every server.
func serverScenarios(kind serverKind) map[string]func(*testing.T, *server) {
	all := map[string]func(*testing.T, *server){
		"behind a path": behindPath, "invalid Host header": invalidHost, "TLS with a private CA and client certificates": behindTLS,
		"the example for both backends": exampleForBoth,
	}
	add := func(more map[string]func(*testing.T, *server)) { maps.Copy(all, more) }
	if !kind.workspaces {
		add(map[string]func(*testing.T, *server){"purged, and the id used again": purged})
	}
	switch kind.grants {
	case noGrants:
		add(map[string]func(*testing.T, *server){"permissions without authentication": noPermissions})
		if !kind.anyHost {
			add(map[string]func(*testing.T, *server){"a workspace where there are none": workspaceDisabled})
		}
	case rbacGrants:
		add(map[string]func(*testing.T, *server){
			"users and roles": usersAndRoles, "a grant fails in the middle": brokenChange, "all levels": rbacLevels, "principals that are not there": missingPrincipals,
			"who may manage": rbacCallers, "a role that is called admins": adminsRole, "one principal": onePrincipal, "calls of a refresh of permissions": permissionCalls,
		})
	case listedGrants:
		add(map[string]func(*testing.T, *server){"users": legacyUsers, "principals that are not there": missingPrincipals})
	case unlistedGrants:
		add(map[string]func(*testing.T, *server){"no list of users": withoutList})
	}
	if kind.grants == listedGrants || kind.grants == unlistedGrants {
		add(map[string]func(*testing.T, *server){
			"a stale grant hides that a create succeeded": staleGrant, "one principal": onePrincipal, "who may manage": legacyCallers,
		})
	}
	if kind.grants == rbacGrants || kind.grants == listedGrants {
		add(map[string]func(*testing.T, *server){"a permission review": permissionReview, "two addresses of grants": grantAddresses})
		if !kind.workspaces {
			add(map[string]func(*testing.T, *server){"the grants of a stranger under a used id": strangersGrants})
		}
	}
	if kind.grants != noGrants {
		add(map[string]func(*testing.T, *server){"credentials": credentials})
	}
	if kind.workspaces {
		add(map[string]func(*testing.T, *server){"workspaces": workspaces, "a forgotten workspace": forgottenWorkspace})
	}
	return all
}

// grants gives what people and roles hold on an experiment, in the server's words, as "user NAME" and "role NAME". Before 3.13 it looks
// at the people who are named.
func (s *server) grants(t *testing.T, id string, people ...person) map[string]string {
	t.Helper()
	held := map[string]string{}
	if s.kind.grants != rbacGrants {
		for _, p := range people {
			status, answer := s.call(t, "GET", legacyCalls+"get?"+url.Values{"experiment_id": {id}, "username": {p.name}}.Encode(), nil)
			if permission, _ := answer["experiment_permission"].(map[string]any); status == http.StatusOK {
				held["user "+p.name] = fmt.Sprint(permission["permission"])
			}
		}
		return held
	}
	hidden := map[string]string{}
	users, _ := s.mustCall(t, "GET", "/api/2.0/mlflow/users/list", nil)["users"].([]any)
	for _, u := range users {
		user, _ := u.(map[string]any)
		hidden[fmt.Sprintf("__user_%v__", user["id"])] = fmt.Sprint(user["username"])
	}
	for _, r := range s.roles(t) {
		holder := "role " + r.Name
		if user, ok := hidden[r.Name]; ok {
			holder = "user " + user
		}
		for _, p := range r.Permissions {
			if p.Type == "experiment" && p.Pattern == id {
				held[holder] = p.Permission
			}
		}
	}
	return held
}

type role struct {
	ID          int
	Name        string
	Permissions []struct {
		Type       string `json:"resource_type"`
		Pattern    string `json:"resource_pattern"`
		Permission string
	}
}

func (s *server) roles(t *testing.T) []role {
	t.Helper()
	workspace := "default"
	if w := s.header.Get("X-MLFLOW-WORKSPACE"); w != "" {
		workspace = w
	}
	data, err := json.Marshal(s.mustCall(t, "GET", rbacCalls+"roles/list?workspace="+workspace, nil)["roles"])
	if err != nil {
		t.Fatal(err)
	}
	var roles []role
	if err := json.Unmarshal(data, &roles); err != nil {
		t.Fatal(err)
	}
	return roles
}

// addRole makes a role without members.
func (s *server) addRole(t *testing.T) (name string, id any) {
	t.Helper()
	name = fmt.Sprintf("role-%d", counter.Add(1))
	return name, s.makeRole(t, name)
}

func (s *server) makeRole(t *testing.T, name string) (id any) {
	t.Helper()
	workspace := "default"
	if w := s.header.Get("X-MLFLOW-WORKSPACE"); w != "" {
		workspace = w
	}
	made, _ := s.mustCall(t, "POST", rbacCalls+"roles/create", map[string]any{"name": name, "workspace": workspace})["role"].(map[string]any)
	return made["id"]
}

// grant grants behind Terraform's back.
func (s *server) grant(t *testing.T, id string, p person, level string) {
	t.Helper()
	if s.kind.grants == rbacGrants {
		s.mustCall(t, "POST", rbacCalls+"users/permissions/grant",
			map[string]any{"username": p.name, "resource_type": "experiment", "resource_id": id, "permission": level})
		return
	}
	s.mustCall(t, "POST", legacyCalls+"create", map[string]any{"experiment_id": id, "username": p.name, "permission": level})
}

func (s *server) revoke(t *testing.T, id string, p person) {
	t.Helper()
	if s.kind.grants == rbacGrants {
		s.mustCall(t, "POST", rbacCalls+"users/permissions/revoke", map[string]any{"username": p.name, "resource_type": "experiment", "resource_id": id})
		return
	}
	s.mustCall(t, "DELETE", legacyCalls+"delete", map[string]any{"experiment_id": id, "username": p.name})
}

// expectHeld checks what is granted; want is written as "user NAME LEVEL".
func (s *server) expectHeld(t *testing.T, id string, people []person, want ...string) {
	t.Helper()
	var got []string
	for holder, level := range s.grants(t, id, people...) {
		got = append(got, holder+" "+level)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("on experiment %s the grants are %q, want %q", id, got, want)
	}
}

func grantsConfig(id string, more map[string]any) map[string]any {
	config := map[string]any{"experiment_id": id}
	maps.Copy(config, more)
	return config
}

// admin is the person whom the provider runs as, unless a test says otherwise.
var admin = person{name: adminName, password: adminPassword}

// usersAndRoles goes through the life of an authoritative list.
func usersAndRoles(t *testing.T, s *server) {
	id := s.create(t, s.name("granted"), nil)
	ana, ben := s.addUser(t), s.addUser(t)
	readers, readersID := s.addRole(t)
	s.grant(t, id, ben, "EDIT")
	p := s.provider(t, nil).block("mlflow_experiment_permissions")
	first := grantsConfig(id, map[string]any{"users": map[string]string{ana.name: "CAN_EDIT"}, "groups": map[string]string{readers: "CAN_READ"}})
	expectSays(t, p.up(first), "warning: Undeclared permissions will be removed", `user "`+ben.name+`": CAN_EDIT`, `user "admin": CAN_MANAGE`)
	s.expectHeld(t, id, nil, "user "+ana.name+" EDIT", "role "+readers+" READ")

	second := grantsConfig(id, map[string]any{
		"users": map[string]string{ana.name: "CAN_MANAGE", ben.name: "CAN_READ"}, "groups": map[string]string{readers: "CAN_EDIT"},
	})
	if planned := p.plan(second); !slices.Equal(planned.changed, []string{"groups", "retained", "users"}) {
		t.Errorf("planned is to %s, changing %v", planned.action, planned.changed)
	}
	p.mustUp(second)
	s.expectHeld(t, id, nil, "user "+ana.name+" MANAGE", "user "+ben.name+" READ", "role "+readers+" EDIT")

	for what, c := range map[string]struct {
		behind  func()
		changed []string
	}{
		"a foreign grant": {func() { s.grant(t, id, s.addUser(t), "READ") }, []string{"retained", "users"}},
		"a lost grant":    {func() { s.revoke(t, id, ben) }, []string{"retained", "users"}},
		"another level":   {func() { s.revoke(t, id, ben); s.grant(t, id, ben, "MANAGE") }, []string{"retained", "users"}},
		"a foreign role": {func() {
			_, other := s.addRole(t)
			s.mustCall(t, "POST", rbacCalls+"roles/permissions/add",
				map[string]any{"role_id": other, "resource_type": "experiment", "resource_pattern": id, "permission": "READ"})
		}, []string{"groups", "retained"}},
	} {
		c.behind()
		expectSays(t, p.refresh(), "")
		if planned := p.plan(second); !slices.Equal(planned.changed, c.changed) {
			t.Errorf("%s: planned is to %s, changing %v, want %v", what, planned.action, planned.changed, c.changed)
		}
		p.mustUp(second)
		s.expectHeld(t, id, nil, "user "+ana.name+" MANAGE", "user "+ben.name+" READ", "role "+readers+" EDIT")
	}

	// What comes from elsewhere is inherited, and left alone.
	s.mustCall(t, "POST", rbacCalls+"roles/permissions/add",
		map[string]any{"role_id": readersID, "resource_type": "experiment", "resource_pattern": "*", "permission": "READ"})
	p.expectSettled(second)
	shown, says := p.data("mlflow_experiment_permissions", map[string]any{"experiment_id": id})
	if says != "" || !strings.Contains(fmt.Sprint(shown["grants"]), "every experiment") {
		t.Errorf("the data source gives %v and says %q", shown["grants"], says)
	}

	imported := p.process.block("mlflow_experiment_permissions")
	expectSays(t, imported.adopt(id), "")
	imported.expectSettled(second)
	expectSays(t, p.destroy(), "")
	s.expectHeld(t, id, nil)
	s.remove(t, id)
	expectSays(t, imported.refresh(), "warning: Permissions dropped from the state: the experiment is gone")
}

// brokenChange fails the second half of a level's change: the old level is granted again, and the error says how things are.
func brokenChange(t *testing.T, s *server) {
	id := s.create(t, s.name("broken"), nil)
	ana := s.addUser(t)
	through, relay := relayed(t, s.backend)
	p := through.provider(t, nil).block("mlflow_experiment_permissions")
	config := func(level string) map[string]any {
		return grantsConfig(id, map[string]any{"users": map[string]string{ana.name: level}})
	}
	p.up(config("CAN_READ"))
	refuse := answerWith(http.StatusForbidden, `{"error_code":"PERMISSION_DENIED","message":"no luck"}`)
	refuseLevel := func(level string) func(http.ResponseWriter, *http.Request, http.Handler) bool {
		return func(w http.ResponseWriter, r *http.Request, pass http.Handler) bool {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			return strings.Contains(string(body), level) && refuse(w, r, pass)
		}
	}
	grant := rbacCalls + "users/permissions/grant"
	relay.spoilWith(grant, refuseLevel(`"EDIT"`))
	expectSays(t, p.up(config("CAN_EDIT")), "error: Could not set permissions: Experiment "+id, "no luck")
	s.expectHeld(t, id, nil, "user "+ana.name+" READ")
	relay.spoilWith(grant, refuse)
	expectSays(t, p.up(config("CAN_EDIT")), "error: Could not set permissions: Experiment "+id, "restoring CAN_READ also failed", fmt.Sprintf("%q now has no direct grant on the experiment", ana.name))
	s.expectHeld(t, id, nil)
	relay.spoilWith(grant, nil)
	p.mustUp(config("CAN_EDIT"))
	s.expectHeld(t, id, nil, "user "+ana.name+" EDIT")
	// A grant that took effect although its answer got lost.
	relay.spoilWith(grant, loseAnswer())
	p.mustUp(config("CAN_READ"))
	s.expectHeld(t, id, nil, "user "+ana.name+" READ")

	// Ctrl-C while a revoke hangs, before and after its effect: the old level is there again.
	target, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	hangs := &hanging{next: &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}}
	front := httptest.NewServer(hangs)
	t.Cleanup(front.Close)
	behind := *s.backend
	behind.url = front.URL
	for _, after := range []bool{false, true} {
		one := behind.provider(t, nil).block("mlflow_experiment_permissions")
		expectSays(t, one.adopt(id), "")
		says := cancelled{call: "POST " + rbacCalls + "users/permissions/revoke", after: after, config: config("CAN_EDIT")}.apply(t, hangs, one)
		expectSays(t, says, "error: Could not set permissions: Experiment "+id)
		s.expectHeld(t, id, nil, "user "+ana.name+" READ")
	}
}

// adminsRole: what is the admins' group on Databricks is a role like any other here.
func adminsRole(t *testing.T, s *server) {
	id, role := s.create(t, s.name("admins"), nil), s.makeRole(t, "admins")
	p := s.provider(t, nil).block("mlflow_experiment_permissions")
	declared := grantsConfig(id, map[string]any{"groups": map[string]string{"admins": "CAN_READ"}})
	p.up(declared)
	s.expectHeld(t, id, nil, "role admins READ")
	none := grantsConfig(id, nil)
	p.mustUp(none)
	s.expectHeld(t, id, nil)
	s.mustCall(t, "POST", rbacCalls+"roles/permissions/add",
		map[string]any{"role_id": role, "resource_type": "experiment", "resource_pattern": id, "permission": "MANAGE"})
	expectSays(t, p.refresh(), "")
	if planned := p.plan(none); !slices.Contains(planned.changed, "groups") {
		t.Errorf("planned is to %s, changing %v", planned.action, planned.changed)
	}
}

// rbacLevels are the levels that this server has besides those of Databricks.
func rbacLevels(t *testing.T, s *server) {
	id := s.create(t, s.name("levels"), nil)
	ana := s.addUser(t)
	p := s.provider(t, nil).block("mlflow_experiment_permissions")
	for _, level := range []string{"CAN_READ", "USE", "CAN_EDIT", "CAN_MANAGE", "DENY"} {
		if says := p.up(grantsConfig(id, map[string]any{"users": map[string]string{ana.name: level}})); isError(says) {
			t.Errorf("%s says %q", level, says)
		}
		s.expectHeld(t, id, nil, "user "+ana.name+" "+strings.TrimPrefix(level, "CAN_"))
	}
	expectSays(t, p.up(grantsConfig(id, map[string]any{"users": map[string]string{ana.name: "NO_PERMISSIONS"}})),
		"error: Could not set permissions: Experiment "+id, "Invalid permission")
	s.expectHeld(t, id, nil, "user "+ana.name+" DENY")
}

// missingPrincipals: nothing is changed for a principal that is not there, and the entry is named.
func missingPrincipals(t *testing.T, s *server) {
	id := s.create(t, s.name("missing"), nil)
	ana := s.addUser(t)
	people := []person{admin, ana, {name: "nobody"}}
	p := s.provider(t, nil).block("mlflow_experiment_permissions")
	expectSays(t, withoutWarnings(p.up(grantsConfig(id, map[string]any{"users": map[string]string{ana.name: "CAN_READ", "nobody": "CAN_READ"}}))),
		"error at users: Could not set permissions: Experiment "+id, `"nobody"`, "Nothing was changed")
	s.expectHeld(t, id, people, "user admin MANAGE")
	says := withoutWarnings(p.up(grantsConfig(id, map[string]any{"groups": map[string]string{"nobodies": "CAN_READ"}})))
	if s.kind.grants == rbacGrants {
		expectSays(t, says, "error at groups: Could not set permissions: Experiment "+id, `"nobodies"`, "Nothing was changed")
	} else {
		expectSays(t, says, "error: Could not set permissions: Experiment "+id, "has no roles")
	}
	machine := "6f1c2a34-5b67-4c89-9d01-23456789abcd"
	expectSays(t, withoutWarnings(p.up(grantsConfig(id, map[string]any{"service_principals": map[string]string{machine: "CAN_READ"}}))),
		"error", "has no service principals")
	s.expectHeld(t, id, people, "user admin MANAGE")
	one := p.process.block("mlflow_experiment_permission")
	expectSays(t, one.up(grantsConfig(id, map[string]any{"user_name": "nobody", "permission_level": "CAN_READ"})),
		"error at user_name: Could not grant permission", "Nothing was changed")
	s.expectHeld(t, id, people, "user admin MANAGE")
}

// withoutWarnings drops what is said before the first error.
func withoutWarnings(says string) string {
	if at := errorLine.FindStringIndex(says); at != nil {
		return says[at[0]:]
	}
	return says
}

// rbacCallers: everybody who has a role in the workspace sees the grants there, and who has MANAGE on an experiment changes them. What
// roles are granted is up to the managers of the workspace and to admins.
func rbacCallers(t *testing.T, s *server) {
	ana, boss, ben, nobody := s.addUser(t), s.addUser(t), s.addUser(t), s.addUser(t)
	managers, role := s.addRole(t)
	s.mustCall(t, "POST", rbacCalls+"roles/permissions/add",
		map[string]any{"role_id": role, "resource_type": "workspace", "resource_pattern": "*", "permission": "MANAGE"})
	s.mustCall(t, "POST", rbacCalls+"roles/assign", map[string]any{"username": boss.name, "role_id": role})
	members, role := s.addRole(t)
	s.mustCall(t, "POST", rbacCalls+"roles/permissions/add",
		map[string]any{"role_id": role, "resource_type": "workspace", "resource_pattern": "*", "permission": "USE"})
	s.mustCall(t, "POST", rbacCalls+"roles/assign", map[string]any{"username": ana.name, "role_id": role})

	id := s.as(ana).create(t, s.name("anas"), nil)
	s.expectHeld(t, id, nil, "user "+ana.name+" MANAGE")
	own := s.as(ana).provider(t, nil)
	all, one := own.block("mlflow_experiment_permissions"), own.block("mlflow_experiment_permission")
	expectSays(t, all.up(grantsConfig(id, map[string]any{"users": map[string]string{ben.name: "CAN_READ"}})), "warning: Undeclared access is kept", ana.name)
	if retained := fmt.Sprint(all.values()["retained"]); retained != "map["+ana.name+":CAN_MANAGE]" {
		t.Errorf("retained is %s", retained)
	}
	one.mustUp(grantsConfig(id, map[string]any{"user_name": ben.name, "permission_level": "CAN_EDIT"}))
	s.expectHeld(t, id, nil, "user "+ana.name+" MANAGE", "user "+ben.name+" EDIT")
	expectSays(t, all.up(grantsConfig(id, map[string]any{"groups": map[string]string{members: "CAN_READ"}})), "warning: Undeclared access is kept",
		"error: Could not set permissions: Experiment "+id, "Permission denied")

	other := s.as(nobody).provider(t, nil)
	expectSays(t, other.block("mlflow_experiment_permissions").up(grantsConfig(id, map[string]any{"users": map[string]string{ben.name: "CAN_READ"}})),
		"error: Could not read permissions: Experiment "+id, "for users with a role in the workspace")
	expectSays(t, other.block("mlflow_experiment_permission").up(grantsConfig(id, map[string]any{"user_name": ben.name, "permission_level": "CAN_READ"})),
		"error: Could not ", "for users with a role in the workspace")
	s.expectHeld(t, id, nil, "user "+ana.name+" MANAGE", "user "+ben.name+" EDIT")

	all = s.as(boss).provider(t, nil).block("mlflow_experiment_permissions")
	if says := all.up(grantsConfig(id, map[string]any{
		"users": map[string]string{ben.name: "CAN_READ", ana.name: "CAN_EDIT"}, "groups": map[string]string{members: "CAN_READ", managers: "CAN_EDIT"},
	})); isError(says) {
		t.Errorf("a manager of the workspace is told %q", says)
	}
	s.expectHeld(t, id, nil, "user "+ana.name+" EDIT", "user "+ben.name+" READ", "role "+members+" READ", "role "+managers+" EDIT")
	if retained := fmt.Sprint(all.values()["retained"]); retained != "map[]" {
		t.Errorf("the manager was given %s, though the role gives enough", retained)
	}
}

// onePrincipal goes through the life of an additive grant.
func onePrincipal(t *testing.T, s *server) {
	id := s.create(t, s.name("one"), nil)
	ana, ben := s.addUser(t), s.addUser(t)
	people := []person{admin, ana, ben}
	s.grant(t, id, ben, "EDIT")
	p := s.provider(t, nil).block("mlflow_experiment_permission")
	config := func(level string) map[string]any {
		return grantsConfig(id, map[string]any{"user_name": ana.name, "permission_level": level})
	}
	others := []string{"user admin MANAGE", "user " + ben.name + " EDIT"}
	p.mustUp(config("CAN_READ"))
	s.expectHeld(t, id, people, append(others, "user "+ana.name+" READ")...)
	expectSays(t, p.refresh(), "") // in a new process, as each plan is
	if planned := p.plan(config("CAN_EDIT")); !slices.Contains(planned.changed, "permission_level") || planned.action != "update" {
		t.Errorf("planned is to %s, changing %v", planned.action, planned.changed)
	}
	p.mustUp(config("CAN_EDIT"))
	s.expectHeld(t, id, people, append(others, "user "+ana.name+" EDIT")...)
	s.revoke(t, id, ana)
	s.grant(t, id, ana, "MANAGE")
	expectSays(t, p.refresh(), "")
	p.mustUp(config("CAN_EDIT"))
	s.expectHeld(t, id, people, append(others, "user "+ana.name+" EDIT")...)
	s.revoke(t, id, ana)
	expectSays(t, p.up(config("CAN_EDIT")), "warning: Permission is gone")
	imported := p.process.block("mlflow_experiment_permission")
	expectSays(t, imported.adopt(id+"/user/"+ana.name), "")
	imported.expectSettled(config("CAN_EDIT"))
	expectSays(t, p.destroy(), "")
	s.expectHeld(t, id, people, others...)
	if s.kind.grants == rbacGrants {
		readers, _ := s.addRole(t)
		group := p.process.block("mlflow_experiment_permission")
		group.mustUp(grantsConfig(id, map[string]any{"group_name": readers, "permission_level": "CAN_READ"}))
		group.mustUp(grantsConfig(id, map[string]any{"group_name": readers, "permission_level": "CAN_EDIT"}))
		s.expectHeld(t, id, people, append(others, "role "+readers+" EDIT")...)
		expectSays(t, group.destroy(), "")
		s.expectHeld(t, id, people, others...)
		return
	}
	p.mustUp(config("CAN_READ"))
	if says := p.up(config("NO_PERMISSIONS")); isError(says) {
		t.Errorf("NO_PERMISSIONS says %q", says)
	}
	s.expectHeld(t, id, people, append(others, "user "+ana.name+" NO_PERMISSIONS")...)
}

// permissionCalls: the grants on many experiments are read with two calls.
func permissionCalls(t *testing.T, s *server) {
	const n = 5
	through, relay := relayed(t, s.backend)
	d := through.provider(t, nil)
	lists := make([]*block, n)
	for i := range lists {
		id := s.create(t, s.name("call"), nil)
		lists[i] = d.block("mlflow_experiment_permissions")
		lists[i].up(grantsConfig(id, map[string]any{"users": map[string]string{s.addUser(t).name: "CAN_READ"}}))
	}
	relay.reset()
	again := d.again()
	for _, l := range lists {
		l.process = again
		expectSays(t, l.read(), "")
	}
	count := map[string]int{}
	for _, call := range relay.seen() {
		count[call]++
	}
	users, roles := count["GET /api/2.0/mlflow/users/list"], count["GET "+rbacCalls+"roles/list"]
	if users != 1 || roles != 1 || len(relay.seen()) > n+3 {
		t.Errorf("the refresh of %d lists made the calls %v", n, count)
	}
}

// legacyUsers goes through the life of an authoritative list where only users are granted anything.
func legacyUsers(t *testing.T, s *server) {
	id := s.create(t, s.name("granted"), nil)
	ana, ben := s.addUser(t), s.addUser(t)
	people := []person{admin, ana, ben}
	s.grant(t, id, ben, "EDIT")
	p := s.provider(t, nil).block("mlflow_experiment_permissions")
	config := grantsConfig(id, map[string]any{"users": map[string]string{ana.name: "CAN_EDIT"}})
	expectSays(t, p.up(config), "warning: Undeclared permissions will be removed", `user "`+ben.name+`": CAN_EDIT`)
	s.expectHeld(t, id, people, "user "+ana.name+" EDIT")
	s.grant(t, id, ben, "MANAGE")
	expectSays(t, p.refresh(), "")
	if planned := p.plan(config); !slices.Contains(planned.changed, "users") {
		t.Errorf("planned is to %s, changing %v", planned.action, planned.changed)
	}
	p.mustUp(config)
	config = grantsConfig(id, map[string]any{"users": map[string]string{ana.name: "CAN_MANAGE"}})
	p.mustUp(config)
	s.expectHeld(t, id, people, "user "+ana.name+" MANAGE")
	imported := p.process.block("mlflow_experiment_permissions")
	expectSays(t, imported.adopt(id), "")
	imported.expectSettled(config)
	expectSays(t, p.destroy(), "")
	s.expectHeld(t, id, people)
}

// withoutList: who else holds a grant can't be told there.
func withoutList(t *testing.T, s *server) {
	id := s.create(t, s.name("unlisted"), nil)
	ana := s.addUser(t)
	p := s.provider(t, nil).block("mlflow_experiment_permissions")
	expectSays(t, p.up(grantsConfig(id, map[string]any{"users": map[string]string{ana.name: "CAN_EDIT"}})),
		"error: Could not read permissions: Experiment "+id, "cannot list its users", "mlflow_experiment_permission,")
	s.expectHeld(t, id, []person{admin, ana}, "user admin MANAGE")
}

// legacyCallers: who holds MANAGE on an experiment can manage one principal at a time there, without being an admin.
func legacyCallers(t *testing.T, s *server) {
	ana, ben := s.addUser(t), s.addUser(t)
	id := s.as(ana).create(t, s.name("anas"), nil)
	d := s.as(ana).provider(t, nil)
	expectSays(t, d.block("mlflow_experiment_permissions").up(grantsConfig(id, map[string]any{"users": map[string]string{ben.name: "CAN_READ"}})),
		"error: Could not read permissions: Experiment "+id, "mlflow_experiment_permission,")
	p := d.block("mlflow_experiment_permission")
	for _, level := range []string{"CAN_READ", "CAN_EDIT"} {
		p.mustUp(grantsConfig(id, map[string]any{"user_name": ben.name, "permission_level": level}))
	}
	s.expectHeld(t, id, []person{ana, ben}, "user "+ana.name+" MANAGE", "user "+ben.name+" EDIT")
	expectSays(t, p.destroy(), "")
	s.expectHeld(t, id, []person{ana, ben}, "user "+ana.name+" MANAGE")

	others := s.create(t, s.name("admins"), nil)
	expectSays(t, d.block("mlflow_experiment_permission").up(grantsConfig(others, map[string]any{"user_name": ben.name, "permission_level": "CAN_READ"})),
		"error: Could not grant permission: ", "Permission denied")
	mine := d.block("mlflow_experiment_permission")
	expectSays(t, mine.up(grantsConfig(id, map[string]any{"user_name": ana.name, "permission_level": "CAN_READ"})), "error at permission_level: Grant would lower your own access")
	s.expectHeld(t, id, []person{ana, ben}, "user "+ana.name+" MANAGE")
}

func noPermissions(t *testing.T, s *server) {
	id := s.create(t, s.name("open"), nil)
	d := s.provider(t, nil)
	expectSays(t, d.block("mlflow_experiment_permissions").up(grantsConfig(id, map[string]any{"users": map[string]string{"ana": "CAN_READ"}})),
		"error: Could not ", "runs without authentication", "--app-name basic-auth")
	expectSays(t, d.block("mlflow_experiment_permission").up(grantsConfig(id, map[string]any{"user_name": "ana", "permission_level": "CAN_READ"})),
		"error: Could not", "without authentication")
}

// purged finds an experiment purged, and its id used again: the stranger is never touched.
func purged(t *testing.T, s *server) {
	name := s.name("purged")
	e := s.experimentBlock(t)
	e.mustUp(attributes(name, map[string]any{"tags": map[string]string{"team": "risk"}}))
	id := e.text("id")
	tag := s.provider(t, nil).block("mlflow_experiment_tag")
	tag.mustUp(values("experiment_id", id, "key", "stage", "value", "dev"))
	before, beforeTag := *e, *tag
	s.remove(t, id)
	s.purge(t, id)
	expectSays(t, e.refresh(), "warning: Experiment is gone", "does not exist any more", `it was looked up in "default" only`)

	stranger := s.name("stranger")
	s.call(t, "POST", experimentCalls+"create", map[string]any{"name": stranger}) // a stale grant may make this look like a failure
	if s.truth(t, id).Name != stranger {
		t.Fatalf("id %s was not used again", id)
	}
	s.call(t, "POST", experimentCalls+"set-experiment-tag", map[string]any{"experiment_id": id, "key": "stage", "value": "theirs"})
	tag.process = tag.again()
	expectSays(t, tag.refresh(), "warning: Experiment tag is gone", "is another one now")
	tag.state, tag.private = beforeTag.state, beforeTag.private
	expectSays(t, tag.apply(tag.plan(nil), nil), "warning: Experiment tag left in place", "was used again")
	strangers := map[string]string{"stage": "theirs"}

	e.state, e.private = before.state, before.private
	e.process = e.again()
	changed := attributes(name, map[string]any{"tags": map[string]string{"team": "fraud"}})
	expectSays(t, e.apply(e.plan(changed), changed), "error: Could not update experiment", "Nothing was changed")
	e.state = before.state
	e.process = e.again()
	expectSays(t, e.apply(e.plan(nil), nil), "error: Could not delete experiment", "Nothing was deleted")
	s.expect(t, id, stranger, "active", strangers)

	e.state, e.private = before.state, before.private
	expectSays(t, e.up(attributes(name, nil)), "warning: Experiment is gone", "is another one now")
	if e.text("id") == id {
		t.Error("the stranger was taken over")
	}
	s.expect(t, id, stranger, "active", strangers)
	s.expect(t, e.text("id"), name, "active", map[string]string{})
}

// grantAddresses gives grants other addresses, also of the other type.
func grantAddresses(t *testing.T, s *server) {
	ana, ben := s.addUser(t), s.addUser(t)
	id := s.create(t, s.name("two"), nil)
	s.grant(t, id, ben, "READ")
	one := func(level string) declaration {
		return declaration{"mlflow_experiment_permission", grantsConfig(id, map[string]any{"user_name": ana.name, "permission_level": level})}
	}
	list := func(level string) declaration {
		return declaration{"mlflow_experiment_permissions", grantsConfig(id, map[string]any{"users": map[string]string{ana.name: level, ben.name: "CAN_READ"}})}
	}
	for _, first := range []string{"delete", "create", "plan"} {
		for _, c := range []struct {
			from, to declaration
			ben      bool // has a grant that nobody released
		}{
			{one("CAN_READ"), one("CAN_EDIT"), true},
			{one("CAN_READ"), list("CAN_EDIT"), true},
			{list("CAN_READ"), list("CAN_EDIT"), true},
			{list("CAN_READ"), one("CAN_EDIT"), false},
		} {
			switchAddress(t, s.backend, c.from, c.to, first)
			held := s.grants(t, id, ana, ben)
			if _, ok := held["user "+ben.name]; held["user "+ana.name] != "EDIT" || ok != c.ben {
				t.Errorf("from %v to %v, %s first: the grants are %v", c.from, c.to, first, held)
			}
		}
		s.grant(t, id, ben, "READ")
	}
}

// strangersGrants: when an id was used again, the grants on the other experiment are left alone.
func strangersGrants(t *testing.T, s *server) {
	ana, ben, carl := s.addUser(t), s.addUser(t), s.addUser(t)
	id := s.create(t, s.name("granted"), nil)
	p := s.provider(t, nil).block("mlflow_experiment_permissions")
	p.up(grantsConfig(id, map[string]any{"users": map[string]string{ana.name: "CAN_EDIT"}}))
	one := s.provider(t, nil).block("mlflow_experiment_permission")
	one.mustUp(grantsConfig(id, map[string]any{"user_name": carl.name, "permission_level": "CAN_READ"}))
	before, beforeOne := *p, *one
	s.remove(t, id)
	s.purge(t, id)
	s.call(t, "POST", experimentCalls+"create", map[string]any{"name": s.name("stranger")})
	s.grant(t, id, ben, "EDIT")
	p.process = p.again()
	expectSays(t, p.refresh(), "warning: Permissions dropped from the state: the experiment is another one now")
	p.state, p.private = before.state, before.private
	expectSays(t, p.apply(p.plan(nil), nil), "warning: Permissions left in place", "was used again")

	one.process = one.again()
	expectSays(t, one.refresh(), "warning: Permission is gone: the experiment is another one now")
	one.state, one.private = beforeOne.state, beforeOne.private
	change := grantsConfig(id, map[string]any{"user_name": carl.name, "permission_level": "CAN_MANAGE"})
	expectSays(t, one.apply(one.plan(change), change), "error: Could not grant permission", "was used again")
	one.state, one.private = beforeOne.state, beforeOne.private
	expectSays(t, one.apply(one.plan(nil), nil), "warning: Permission left in place", "was used again")
	// The server itself leaves carl's grant behind when it purges an experiment.
	if held := s.grants(t, id, ben, carl); held["user "+ben.name] != "EDIT" || held["user "+carl.name] != "READ" {
		t.Errorf("on the stranger there are the grants %v", held)
	}
}

// staleGrant: a grant outlives a purged experiment, and the next create answers that the grant exists – although it created.
func staleGrant(t *testing.T, s *server) {
	id := s.create(t, s.name("stale"), nil)
	s.remove(t, id)
	s.purge(t, id)
	name := s.name("created")
	through, relay := relayed(t, s.backend)
	e := through.experimentBlock(t)
	e.mustUp(attributes(name, map[string]any{"tags": map[string]string{"team": "risk"}}))
	if e.text("id") != id {
		t.Fatalf("the id is %s, so the server had no stale grant for it; want %s", e.text("id"), id)
	}
	creates := slices.DeleteFunc(relay.seen(), func(call string) bool { return call != "POST "+experimentCalls+"create" })
	if len(creates) != 1 {
		t.Errorf("%d creates", len(creates))
	}
	s.expect(t, id, name, "active", map[string]string{"team": "risk"})
}

// credentials: what is wrong with them is told, without the web server's page.
func credentials(t *testing.T, s *server) {
	e := attributes(s.name("refused"), nil)
	refused := map[string]map[string]any{
		"wrong password": {"password": "wrong"},
		"unknown user":   {"username": "nobody"},
		"none":           {"username": nil, "password": nil},
	}
	if s.kind.grants == unlistedGrants { // with its cache of passwords on, MLflow 3 fails over a token in place of refusing it
		refused["a bearer token"] = map[string]any{"username": nil, "password": nil, "token": "bearer"}
	}
	for what, settings := range refused {
		t.Run(what, func(t *testing.T) {
			d := s.provider(t, settings)
			expectSays(t, d.block("mlflow_experiment").up(e), "error: Could not look for experiment: ", "HTTP 401", "The server refused the credentials")
			for _, kind := range []string{"mlflow_experiment_permissions", "mlflow_experiment_permission"} {
				config := map[string]any{"experiment_id": "0", "users": map[string]string{"x": "CAN_READ"}, "user_name": "x", "permission_level": "CAN_READ"}
				expectSays(t, d.block(kind).up(config), "error: Could not ", "HTTP 401", "The server refused the credentials")
			}
		})
	}
}

// exampleForBoth applies examples/both-backends, with people who hold grants where the server has any.
func exampleForBoth(t *testing.T, s *server) {
	users := []map[string]string{{}}
	var people []person
	if s.kind.grants != noGrants {
		people = []person{s.addUser(t), s.addUser(t)}
		users = []map[string]string{{people[0].name: "CAN_MANAGE", people[1].name: "CAN_READ"}, {people[0].name: "CAN_EDIT"}}
	}
	prefix := s.name("retail") + "/"
	find := s.provider(t, nil)
	applyBothBackends(t, bothBackends{
		connection: hcl(s.block(nil)), prefix: prefix, users: users,
		check: func(t *testing.T, users map[string]string) {
			t.Helper()
			for name, want := range map[string]map[string]string{
				"churn":  {"managed_by": "terraform", "team": "data-science", "risk/reviewed": "2026-03-31", "mlflow.note.content": "Who is about to leave."},
				"demand": {"managed_by": "terraform", "team": "data-science", "mlflow.note.content": "Weekly demand by store."},
			} {
				found, says := find.data("mlflow_experiment", map[string]any{"name": prefix + name})
				id, _ := found["id"].(string)
				if says != "" {
					t.Fatalf("%s: %s", name, says)
				}
				s.expect(t, id, prefix+name, "active", want)
				var held []string
				for user, level := range users {
					held = append(held, "user "+user+" "+strings.TrimPrefix(level, "CAN_"))
				}
				if s.kind.grants == rbacGrants { // whoever creates an experiment may manage it
					held = append(held, "user "+adminName+" MANAGE")
				}
				if s.kind.grants != noGrants {
					s.expectHeld(t, id, people, held...)
				}
			}
		},
	})
}

// behindPath reaches the server through a proxy that puts it below a path.
func behindPath(t *testing.T, s *server) {
	target, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) { p.SetURL(target) }}
	front := httptest.NewServer(http.StripPrefix("/ml/flow", proxy))
	t.Cleanup(front.Close)
	through := *s.backend
	through.url = front.URL + "/ml/flow"
	e := through.experimentBlock(t)
	name := s.name("below")
	e.mustUp(attributes(name, map[string]any{"tags": map[string]string{"team": "risk"}}))
	s.expect(t, e.text("id"), name, "active", map[string]string{"team": "risk"})
	if want := through.url + "/#/experiments/" + e.text("id"); e.text("url") != want {
		t.Errorf("the page is %q, want %q", e.text("url"), want)
	}
	imported := e.process.block("mlflow_experiment")
	expectSays(t, imported.adopt(e.text("url")), "")

	through.url = front.URL + "/elsewhere"
	expectSays(t, through.experimentBlock(t).up(attributes(name, nil)), "error: Could not look for experiment: ", "does not know this call", "no path too much or missing")
}

// invalidHost reaches the server under a name that it does not know as its own. MLflow 2 takes any.
func invalidHost(t *testing.T, s *server) {
	target, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
		p.SetURL(target)
		p.Out.Host = "mlflow.example.com"
	}})
	t.Cleanup(front.Close)
	through := *s.backend
	through.url = front.URL
	e := through.experimentBlock(t)
	if s.kind.anyHost {
		e.mustUp(attributes(s.name("host"), nil))
		return
	}
	expectSays(t, e.up(attributes(s.name("host"), nil)), "error: Could not look for experiment: ", "Invalid Host header", "--allowed-hosts")
}

// workspaceDisabled: a workspace is set, and the server has none.
func workspaceDisabled(t *testing.T, s *server) {
	d := s.provider(t, map[string]any{"workspace": "team-a"})
	expectSays(t, d.block("mlflow_experiment").up(attributes(s.name("refused"), nil)), "error: Could not look for experiment: ",
		"workspaces are not enabled", "--enable-workspaces")
}

// addWorkspace makes a workspace, and gives the server as seen from there.
func (s *server) addWorkspace(t *testing.T, name string) *server {
	t.Helper()
	s.mustCall(t, "POST", rbacCalls+"workspaces", map[string]any{"name": name})
	there, b := *s, *s.backend
	there.backend = &b
	b.settings = maps.Clone(s.settings)
	b.settings["workspace"] = name
	b.header = s.header.Clone()
	b.header.Set("X-MLFLOW-WORKSPACE", name)
	return &there
}

// forgottenWorkspace: without the setting, the provider looks in the default workspace, where nothing of the state is.
func forgottenWorkspace(t *testing.T, s *server) {
	there := s.addWorkspace(t, "team-c")
	e := there.experimentBlock(t)
	e.mustUp(attributes(s.name("forgotten"), nil))
	id, ana := e.text("id"), s.addUser(t)
	configs := map[string]map[string]any{
		"mlflow_experiment_tag":         {"experiment_id": id, "key": "team", "value": "risk"},
		"mlflow_experiment_permission":  {"experiment_id": id, "user_name": ana.name, "permission_level": "CAN_READ"},
		"mlflow_experiment_permissions": {"experiment_id": id, "users": map[string]string{ana.name: "CAN_READ"}},
	}
	blocks := []*block{e}
	for kind, config := range configs {
		b := there.provider(t, nil).block(kind)
		b.up(config)
		blocks = append(blocks, b)
	}
	for _, b := range blocks {
		state := b.values()
		for what, do := range map[string]func() string{"a refresh": b.read, "a destroy": func() string { return b.apply(b.plan(nil), nil) }} {
			b.process = s.provider(t, nil)
			says := do()
			if !isError(says) || !strings.Contains(says, `belongs to MLflow workspace "team-c"`) || !strings.Contains(says, `set workspace (or MLFLOW_WORKSPACE) to "team-c"`) {
				t.Errorf("%s of %s says %q", what, b.kind, says)
			}
			if b.values() == nil || !reflect.DeepEqual(b.values(), state) {
				t.Errorf("%s of %s leaves %v", what, b.kind, b.values())
			}
		}
		b.process = there.provider(t, nil)
		expectSays(t, b.read(), "")
	}
	there.expect(t, id, e.text("name"), "active", map[string]string{"team": "risk"})
	there.expectHeld(t, id, nil, "user "+ana.name+" READ")
}

// workspaces: a workspace has experiments and grants of its own.
func workspaces(t *testing.T, s *server) {
	there := s.addWorkspace(t, "team-a")
	name := s.name("shared name")
	outside := s.create(t, name, nil)
	e := there.experimentBlock(t)
	e.mustUp(attributes(name, map[string]any{"tags": map[string]string{"team": "risk"}}))
	id := e.text("id")
	there.expect(t, id, name, "active", map[string]string{"team": "risk"})
	if e.text("id") == outside || s.truth(t, id).Stage != "" {
		t.Errorf("experiment %s is seen outside its workspace: %+v", id, s.truth(t, id))
	}
	s.expect(t, outside, name, "active", map[string]string{})

	says := there.experimentBlock(t).up(attributes(s.name("placed"), map[string]any{"artifact_location": "s3://bucket/a"}))
	expectSays(t, says, "error", "artifact_location cannot be specified when workspaces are enabled")

	ana := s.addUser(t)
	readers, _ := there.addRole(t)
	p := there.provider(t, nil).block("mlflow_experiment_permissions")
	p.up(grantsConfig(id, map[string]any{"users": map[string]string{ana.name: "CAN_EDIT"}, "groups": map[string]string{readers: "CAN_READ"}}))
	there.expectHeld(t, id, nil, "user "+ana.name+" EDIT", "role "+readers+" READ")

	// A workspace that is not there is a mistake in the settings, and nothing is gone for it.
	lost := s.provider(t, map[string]any{"workspace": "team-b"}).block("mlflow_experiment")
	lost.state, lost.private = e.state, e.private
	expectSays(t, lost.refresh(), "error: Could not read experiment: ", "Workspace 'team-b' not found", "Check workspace")
	if lost.values() == nil {
		t.Error("the experiment was dropped from the state")
	}
	expectSays(t, lost.process.block("mlflow_experiment").up(attributes(name, nil)), "error: Could not look for experiment: ", "Workspace 'team-b' not found")
	expectSays(t, p.destroy(), "")
	expectSays(t, e.destroy(), "")
}
