//go:build mlflow

package chaostest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
)

const (
	adminName = mlflowtest.AdminName
	twin      = "BEN@example.com" // a different account than emulator.OtherUser
	apiV2     = "/api/2.0/mlflow/"
	apiV3     = "/api/3.0/mlflow/"
)

var mlflowCalls = slices.Concat(experimentCalls, []call{
	{"list users", "GET", apiV2 + "users/list", reads, ""},
	{"current user", "GET", apiV2 + "users/current", reads, ""},
	{"list roles", "GET", apiV3 + "roles/list", reads, ""},
	{"effective", "GET", apiV3 + "users/permissions/get", reads, ""},
	{"grant", "POST", apiV3 + "users/permissions/grant", writesEmpty, ""},
	{"revoke", "POST", apiV3 + "users/permissions/revoke", writesEmpty, ""},
	{"add to role", "POST", apiV3 + "roles/permissions/add", writes, ""},
	{"change in role", "PATCH", apiV3 + "roles/permissions/update", writes, ""},
	{"remove from role", "DELETE", apiV3 + "roles/permissions/remove", writesEmpty, ""},
	{"create user", "POST", apiV2 + "users/create", writes, ""},
	{"delete user", "DELETE", apiV2 + "users/delete", writesEmpty, ""},
	{"set password", "PATCH", apiV2 + "users/update-password", writesEmpty, ""},
	{"set admin", "PATCH", apiV2 + "users/update-admin", writesEmpty, ""},
	{createRole, "POST", apiV3 + "roles/create", writes, ""},
	{updateRole, "PATCH", apiV3 + "roles/update", writes, ""},
	{"delete role", "DELETE", apiV3 + "roles/delete", writesEmpty, ""},
	{"assign", "POST", apiV3 + "roles/assign", writes, ""},
	{"unassign", "DELETE", apiV3 + "roles/unassign", writesEmpty, ""},
})

// serverLevels are the names of the levels on the server.
var serverLevels = map[string]string{"CAN_READ": "READ", "CAN_EDIT": "EDIT", canManage: "MANAGE"}

func TestChaosOnMLflow(t *testing.T) {
	address := mlflowtest.StartServer(t, mlflowtest.ServerOptions{
		Version: os.Getenv("TEST_MLFLOW_NEWEST"), Password: password, Make: "make chaos BACKEND=mlflow",
	}).URL
	m := mlflow{t: t, address: address}
	for _, name := range []string{emulator.User, emulator.OtherUser, twin} {
		m.AddUser(name)
	}
	for _, role := range []string{"data-science", "risk"} {
		m.mustSend(adminName, "POST", apiV3+"roles/create", object{"name": role, "workspace": "default"}, nil)
	}
	target{
		"mlflow",
		mlflowCalls,
		func(t *testing.T, s settings, world int) site { return openMLflow(t, address, s, world) },
	}.run(
		t,
		readSettings(t),
	)
}

// openMLflow prepares a part of the server for a world. Only admins manage whole lists and roles.
func openMLflow(t *testing.T, address string, s settings, world int) site {
	admin, user := mlflowCaller(adminName), mlflowCaller(emulator.User)
	callers := [][]caller{{admin}, {user}, {admin, user}}[world%3]
	m := mlflow{t, address, fmt.Sprintf("/seed-%d-world-%d", s.seed, world)}
	target, err := url.Parse(address)
	must(t, err)
	proxy := &httputil.ReverseProxy{
		Rewrite:  func(r *httputil.ProxyRequest) { r.SetURL(target) },
		ErrorLog: log.New(io.Discard, "", 0), // without errors about closed connections
	}
	made := site{
		server: m, handler: proxy, setting: "tracking_uri", callers: callers, root: m.root, folder: m.root + "/callers",
		lists: world%3 == 0, keepNames: true,
		principals: []emulator.Principal{emulator.UserPrincipal(emulator.OtherUser), emulator.UserPrincipal(twin)},
	}
	if made.lists {
		made.directory = m
		made.principals = append(made.principals, emulator.GroupPrincipal("data-science"), emulator.GroupPrincipal("risk"))
	}
	for _, c := range callers {
		made.principals = append(made.principals, c.principal)
	}
	return made
}

func mlflowCaller(name string) caller {
	return caller{emulator.UserPrincipal(name), basic(name), object{"username": name, "password": password}}
}

func basic(name string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+password))
}

// mlflow is a real server, as other users use it.
type mlflow struct {
	t       *testing.T
	address string
	root    string // prefix of the experiment names of a world
}

// send sends a request as a user. It decodes the response into out, unless it is nil.
func (m mlflow) send(name, method, path string, in, out any) (status int, body string) {
	m.t.Helper()
	data, err := json.Marshal(in)
	must(m.t, err)
	r, err := http.NewRequestWithContext(m.t.Context(), method, m.address+path, bytes.NewReader(data))
	must(m.t, err)
	r.Header.Set("Authorization", basic(name))
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	must(m.t, err)
	defer func() { _ = resp.Body.Close() }()
	data, err = io.ReadAll(resp.Body)
	must(m.t, err)
	if out != nil && resp.StatusCode == http.StatusOK {
		must(m.t, json.Unmarshal(data, out))
	}
	return resp.StatusCode, string(data)
}

func (m mlflow) mustSend(name, method, path string, in, out any) {
	m.t.Helper()
	if status, body := m.send(name, method, path, in, out); status != http.StatusOK {
		m.t.Fatalf("%s %s as %s: %d %s", method, path, name, status, body)
	}
}

type mlflowExperiment struct {
	ID               string `json:"experiment_id"`
	Name             string `json:"name"`
	ArtifactLocation string `json:"artifact_location"`
	LifecycleStage   string `json:"lifecycle_stage"`
	CreationTime     int64  `json:"creation_time"`
	LastUpdateTime   int64  `json:"last_update_time"`
	Tags             []emulator.Tag
	TraceLocation    *emulator.TraceLocation `json:"-"` // only on Databricks
}

func (m mlflow) Experiments() []emulator.Experiment {
	var out struct{ Experiments []mlflowExperiment }
	m.mustSend(adminName, "POST", experiments+"search", object{
		"filter": fmt.Sprintf("name LIKE '%s/%%'", m.root), "max_results": 10000, "view_type": "ALL",
	}, &out)
	var all []emulator.Experiment
	for _, e := range out.Experiments {
		all = append(all, emulator.Experiment(e))
	}
	return all
}

func (m mlflow) get(call, key, value string) (emulator.Experiment, bool) {
	var out struct{ Experiment mlflowExperiment }
	status, _ := m.send(adminName, "GET", experiments+call+"?"+url.Values{key: {value}}.Encode(), nil, &out)
	return emulator.Experiment(out.Experiment), status == http.StatusOK
}

func (m mlflow) Experiment(id string) (emulator.Experiment, bool) {
	return m.get("get", "experiment_id", id)
}

func (m mlflow) ExperimentByName(name string) (emulator.Experiment, bool) {
	e, there := m.get("get-by-name", "experiment_name", name)
	return e, there && e.LifecycleStage == "active"
}

func (m mlflow) CreateExperiment(owner, name string, tags map[string]string) string {
	all := []emulator.Tag{}
	for _, key := range labels(tags) {
		all = append(all, emulator.Tag{Key: key, Value: tags[key]})
	}
	var out struct {
		ID string `json:"experiment_id"`
	}
	m.mustSend(owner, "POST", experiments+"create", object{"name": name, "tags": all}, &out)
	return out.ID
}

func (m mlflow) SetTag(id, key, value string) {
	m.mustSend(adminName, "POST", experiments+"set-experiment-tag", object{"experiment_id": id, "key": key, "value": value}, nil)
}

// RemoveTag removes a tag, if it exists.
func (m mlflow) RemoveTag(id, key string) {
	m.send(adminName, "POST", experiments+"delete-experiment-tag", object{"experiment_id": id, "key": key}, nil)
}

func (m mlflow) Rename(id, name string) {
	m.mustSend(adminName, "POST", experiments+"update", object{"experiment_id": id, "new_name": name}, nil)
}

func (m mlflow) Trash(id string) {
	m.mustSend(adminName, "POST", experiments+"delete", object{"experiment_id": id}, nil)
}

func (m mlflow) Restore(id string) {
	m.mustSend(adminName, "POST", experiments+"restore", object{"experiment_id": id}, nil)
}

func (m mlflow) AddRun(id string) {
	m.mustSend(adminName, "POST", apiV2+"runs/create", object{"experiment_id": id}, nil)
}

// AddUser adds a user, if necessary.
func (m mlflow) AddUser(name string, _ ...string) {
	m.send(adminName, "POST", apiV2+"users/create", object{"username": name, "password": password}, nil)
}

type mlflowRole struct {
	ID          int64 `json:"id"`
	Name        string
	Description string
	Permissions []mlflowRow
}

type mlflowRow struct {
	ID      int64  `json:"id"`
	Type    string `json:"resource_type"`
	Pattern string `json:"resource_pattern"`
	Level   string `json:"permission"`
}

// roles returns the roles by the user or role name. Each user has a hidden role.
func (m mlflow) roles() map[emulator.Principal]mlflowRole {
	var users struct {
		Users []struct {
			ID       int64 `json:"id"`
			Username string
		}
	}
	var roles struct{ Roles []mlflowRole }
	m.mustSend(adminName, "GET", apiV2+"users/list", nil, &users)
	m.mustSend(adminName, "GET", apiV3+"roles/list", nil, &roles)
	hidden := map[string]string{}
	for _, u := range users.Users {
		hidden[fmt.Sprintf("__user_%d__", u.ID)] = u.Username
	}
	all := map[emulator.Principal]mlflowRole{}
	for _, r := range roles.Roles {
		p := emulator.GroupPrincipal(r.Name)
		if name, is := hidden[r.Name]; is {
			p = emulator.UserPrincipal(name)
		}
		all[p] = r
	}
	return all
}

// on returns the row of a role for an experiment.
func (r mlflowRole) on(id string) (mlflowRow, bool) {
	i := slices.IndexFunc(r.Permissions, func(row mlflowRow) bool { return row.Type == "experiment" && row.Pattern == id })
	if i < 0 {
		return mlflowRow{}, false
	}
	return r.Permissions[i], true
}

func (m mlflow) Grants(id string) []emulator.Grant {
	var all []emulator.Grant
	for p, role := range m.roles() {
		row, there := role.on(id)
		for ours, theirs := range serverLevels {
			if there && theirs == row.Level {
				all = append(all, emulator.Grant{Principal: p, Level: ours})
			}
		}
	}
	slices.SortFunc(all, func(a, b emulator.Grant) int { return strings.Compare(a.Kind+a.Name, b.Kind+b.Name) })
	return all
}

// Grant sets a level, replacing a previous one.
func (m mlflow) Grant(id string, p emulator.Principal, level string) {
	m.Revoke(id, p)
	if p.Kind == "group" {
		m.mustSend(adminName, "POST", apiV3+"roles/permissions/add", object{
			"role_id": m.roles()[p].ID, "resource_type": "experiment", "resource_pattern": id, "permission": serverLevels[level],
		}, nil)
		return
	}
	m.mustSend(adminName, "POST", apiV3+"users/permissions/grant", object{
		"username": p.Name, "resource_type": "experiment", "resource_id": id, "permission": serverLevels[level],
	}, nil)
}

// Revoke removes a level, if there is one.
func (m mlflow) Revoke(id string, p emulator.Principal) {
	if row, there := m.roles()[p].on(id); there {
		m.mustSend(adminName, "DELETE", apiV3+"roles/permissions/remove", object{"role_permission_id": row.ID}, nil)
	}
}

func (m mlflow) manages(c caller, id string) bool {
	if c.principal.Name == adminName {
		return true
	}
	var out struct{ Permission string }
	m.mustSend(c.principal.Name, "GET", apiV3+"users/permissions/get?"+url.Values{
		"username": {c.principal.Name}, "resource_type": {"experiment"}, "resource_id": {id},
	}.Encode(), nil, &out)
	return out.Permission == serverLevels[canManage]
}

func (m mlflow) another(r request, ids []string) string {
	if body := m.anotherEntry(r); body != "" {
		return body
	}
	_, body := m.send(adminName, "GET", experiments+"get?experiment_id="+otherThan(r.experimentID(), ids), nil, nil)
	return body
}
