package governance_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// The grants can be those of a review that are unknown until apply.
func TestPrincipals_ofAReview(t *testing.T) {
	w := workspaceWithGroups(t, emulator.SCIMOptions{})
	config := w.Config(`
		resource "mlflow_experiment" "churn" {
		  name           = "/Projects/churn"
		  create_parents = true
		}
		resource "mlflow_experiment_permissions" "churn" {
		  experiment_id = mlflow_experiment.churn.id
		  groups        = { risk = "CAN_EDIT" }
		  users         = { "ben@example.com" = "CAN_READ" }
		}
		data "mlflow_permission_review" "all" {
		  name_prefix = "/Projects/"
		  depends_on  = [mlflow_experiment_permissions.churn]
		}
		data "mlflow_principals" "all" {
		  grants = data.mlflow_permission_review.all.grants
		}
		output "inactive" {
		  value = [for p in data.mlflow_principals.all.principals : p.name if !p.active]
		}
		output "paths" {
		  value = [for m in data.mlflow_principals.all.members : join(" > ", concat([m.group], m.via, [m.name]))]
		}
	`)
	acctest.UnitTest(t, resource.TestStep{
		Config: config,
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownOutputValue("inactive",
				knownvalue.ListExact([]knownvalue.Check{knownvalue.StringExact(emulator.OtherUser)})),
			statecheck.ExpectKnownOutputValue("paths", knownvalue.ListExact([]knownvalue.Check{
				knownvalue.StringExact("admins > admin@example.com"), knownvalue.StringExact("risk > leads"),
				knownvalue.StringExact("risk > ben@example.com"),
				knownvalue.StringExact("risk > leads > carl@example.com"),
			})),
		},
	}, resource.TestStep{
		Config: config, ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
	})
}

const (
	reviewedExperiments = 1000
	reviewedGroups      = 40
	reviewedUsers       = 160
)

// userName returns the email of a user, and groupName the name of a group.
func userName(i int) string  { return fmt.Sprintf("user%03d@example.com", i) }
func groupName(i int) string { return fmt.Sprintf("group%02d", i) }

// grantsInState returns the grants of a review as the argument of mlflow_principals.
func grantsInState(state map[string]any) any {
	var pairs []string
	for _, g := range acctest.ObjectsOf(state["grants"]) {
		pairs = append(pairs, fmt.Sprint(g["kind"]), fmt.Sprint(g["principal"]))
	}
	return grantsTo(pairs...)
}

// A review of 1,000 experiments, and the lookup of its 200 principals in 40 nested groups, send few requests.
func TestPrincipals_requests(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	for i := range reviewedGroups {
		w.AddGroup(groupName(i))
		if i > 0 {
			w.AddToGroups(emulator.GroupPrincipal(groupName(i)), groupName((i-1)/2)) // two nested groups in each group
		}
	}
	for i := range reviewedUsers {
		w.AddUser(userName(i), groupName(i%reviewedGroups))
	}
	for i := range reviewedExperiments {
		id := w.CreateExperiment(emulator.Admin, fmt.Sprintf("/Projects/p%02d/e%04d", i%20, i), nil)
		w.Grant(id, emulator.GroupPrincipal(groupName(i%reviewedGroups)), "CAN_EDIT")
		w.Grant(id, emulator.UserPrincipal(userName(i%reviewedUsers)), "CAN_READ")
		w.Grant(id, emulator.ServicePrincipalPrincipal(emulator.ServicePrincipal), "CAN_MANAGE")
	}
	w.ResetJournal()
	d := w.Provider(t, emulator.AdminToken)
	review, says := d.ReadDataSource("mlflow_permission_review", map[string]any{})
	if says != "" {
		t.Fatal(says)
	}
	start := time.Now()
	found, says := d.ReadDataSource("mlflow_principals", map[string]any{"grants": grantsInState(review)})
	t.Logf("lookup: %s", time.Since(start))
	if says != "" || len(acctest.ObjectsOf(found["incomplete"])) > 0 ||
		len(acctest.ObjectsOf(found["principals"])) != reviewedGroups+reviewedUsers+3 {
		t.Errorf("got diagnostics %q, %d principals, incomplete %v, want %d principals", says, len(acctest.ObjectsOf(found["principals"])),
			found["incomplete"], reviewedGroups+reviewedUsers+3)
	}
	outermost := 0
	for _, m := range acctest.ObjectsOf(found["members"]) {
		if m["group"] == groupName(0) {
			outermost++
		}
	}
	if want := reviewedUsers + reviewedGroups - 1; outermost != want {
		t.Errorf("got %d members of the outermost group, want %d", outermost, want)
	}
	calls := w.Calls()
	if len(calls) > 1015 {
		t.Errorf("got %d requests, want at most 1015; SCIM: %d", len(calls), w.Count("GET", scimPath+"*"))
	}
	t.Logf("requests: %d", len(calls))
}

// largeServer serves the endpoints of MLflow 3.17 that a review by an admin requests, with many experiments, users, and roles.
type largeServer struct{ calls atomic.Int64 }

func (s *largeServer) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	s.calls.Add(1)
	response := map[string]any{}
	type list = []map[string]any
	role := func(i int) map[string]any {
		rows := list{}
		for e := i; e < reviewedExperiments; e += reviewedGroups {
			rows = append(rows, map[string]any{"id": 1 + e, "role_id": 1 + i, "resource_type": "experiment",
				"resource_pattern": fmt.Sprint(e), "permission": "EDIT"})
		}
		return map[string]any{"id": 1 + i, "name": groupName(i), "workspace": "default", "permissions": rows}
	}
	switch r.URL.Path {
	case acctest.ExperimentsPath + "search":
		found := list{}
		for i := range reviewedExperiments {
			found = append(found, map[string]any{"experiment_id": fmt.Sprint(i), "name": fmt.Sprintf("e%04d", i),
				"lifecycle_stage": "active", "creation_time": 1})
		}
		response["experiments"] = found
	case "/api/2.0/mlflow/users/list":
		users := list{{"id": 1, "username": "admin", "is_admin": true, "roles": list{}}}
		for i := range reviewedUsers {
			users = append(users, map[string]any{"id": 2 + i, "username": userName(i), "is_admin": false,
				"roles": list{role(i % reviewedGroups)}})
		}
		response["users"] = users
	case "/api/3.0/mlflow/roles/list":
		roles := list{}
		for i := range reviewedGroups {
			roles = append(roles, role(i))
		}
		response["roles"] = roles
	case "/api/3.0/mlflow/users/permissions/get":
		response = map[string]any{"allowed": true, "permission": "READ"}
	case "/api/3.0/mlflow/server-info":
		response = map[string]any{"workspaces_enabled": false}
	case "/api/2.0/mlflow/users/current":
		response["user"] = map[string]any{"id": 1, "username": "admin", "is_admin": true}
	case "/api/3.0/mlflow/users/current/permissions":
		response["permissions"] = list{}
	default:
		rw.WriteHeader(http.StatusNotFound)
	}
	rw.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(rw).Encode(response)
}

// On an MLflow server, both data sources share the same lists.
func TestPrincipals_requestsOnAnMLflowServer(t *testing.T) {
	t.Parallel()
	s := &largeServer{}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	d := acctest.NewProvider(t, map[string]any{"tracking_uri": server.URL, "username": "admin", "password": "not-checked"})
	review, says := d.ReadDataSource("mlflow_permission_review", map[string]any{})
	if n := len(acctest.ObjectsOf(review["grants"])); says != "" || n < 2*reviewedExperiments {
		t.Fatalf("got %d grants and diagnostics %q, want at least %d grants", n, says, 2*reviewedExperiments)
	}
	found, says := d.ReadDataSource("mlflow_principals", map[string]any{"grants": grantsInState(review)})
	var kinds []string
	for _, p := range acctest.ObjectsOf(found["principals"]) {
		if kind := fmt.Sprint(p["kind"]); !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	if n := len(acctest.ObjectsOf(found["principals"])); says != "" || n != reviewedGroups+reviewedUsers+1 ||
		strings.Join(kinds, " ") != "group user" ||
		len(acctest.ObjectsOf(found["incomplete"])) > 0 || len(acctest.ObjectsOf(found["members"])) != reviewedUsers {
		t.Errorf("got diagnostics %q, %d principals of the kinds %q, incomplete %v, want %d groups and users", says, n, kinds,
			found["incomplete"], reviewedGroups+reviewedUsers+1)
	}
	if n := s.calls.Load(); n > 6 {
		t.Errorf("got %d requests, want at most 6", n)
	}
	t.Logf("requests: %d", s.calls.Load())
}
