package server_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

// principalsOf looks up principals, and returns a line for each, see the tests.
func principalsOf(t *testing.T, c *mlflow.Client, wanted ...mlflow.Principal) []string {
	t.Helper()
	found, err := c.Principals(t.Context(), wanted)
	if err != nil {
		return []string{"error " + err.Error()}
	}
	var lines []string
	for _, s := range found.Status {
		line := fmt.Sprintf("%s %s", s.Principal.Kind, s.Principal.Name)
		switch {
		case !s.Exists:
			line += " gone"
		case s.Admin:
			line += " admin"
		}
		lines = append(lines, line)
	}
	for _, m := range found.Members {
		lines = append(lines, fmt.Sprintf("%s: %s %s", m.Group, m.Principal.Kind, m.Principal.Name))
	}
	for _, i := range found.Incomplete {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("incomplete %s %s: %s", i.Principal.Kind, i.Principal.Name, i.Reason)))
	}
	return lines
}

func expectLines(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

var somePrincipals = []mlflow.Principal{
	mlflowtest.User("ana"), mlflowtest.User("Ana"), mlflowtest.User("nobody"), mlflowtest.User("admin"), mlflowtest.Group("risk"),
	mlflowtest.Group("none"), mlflowtest.ServicePrincipal,
}

func TestPrincipals(t *testing.T) {
	t.Parallel()
	s := mlflowtest.NewRecorded(t, mlflowtest.RBACServer)
	s.Replay("users/permissions/get: the probe", "users/list: picture", "roles/list: picture")
	got := principalsOf(t, s.Client(&server.Backend{Username: "admin"}), somePrincipals...)
	expectLines(t, got, "group none gone", "group risk", "service_principal "+mlflowtest.ServicePrincipal.Name+" gone",
		"user Ana gone", "user admin admin", "user ana", "user nobody gone", "risk: user ana")
	s.ExpectRequests("GET "+mlflowtest.UserGrantsPath+"get", rolesListPath, usersList)
}

// TestPrincipals_hiddenMembers checks the members of a role for a user who is neither an admin nor a manager.
func TestPrincipals_hiddenMembers(t *testing.T) {
	t.Parallel()
	const reason = "The MLflow server returns the members of its roles only to server admins and to managers of the workspace."
	s := mlflowtest.NewRecorded(t, mlflowtest.RBACServer)
	s.Replay("users/permissions/get: the probe of a user", "users/list: ana", "roles/list: a member")
	expectLines(t, principalsOf(t, s.Client(&server.Backend{Username: "ana"}), mlflowtest.User("ana"), mlflowtest.Group("risk")),
		"group risk", "user ana", "incomplete group risk: "+reason)
}

// TestPrincipals_denied checks that a rejected read is incomplete and sent once, and that the caller can read their own account.
func TestPrincipals_denied(t *testing.T) {
	t.Parallel()
	const reason = "The identity that runs Terraform does not have permission to read it."
	denied := mlflowtest.PageResponse(http.StatusForbidden, "Permission denied")
	s := mlflowtest.NewScripted(t)
	s.Read("GET "+mlflowtest.UserGrantsPath+"get?resource_id=0&resource_type=experiment&username=zoe", mlflowtest.OK(probeResponse))
	for _, call := range []string{usersList, "GET " + mlflowtest.RolesPath + "list?workspace=default",
		"GET " + mlflowtest.UsersPath + "get?username=ana"} {
		s.Read(call, denied)
	}
	s.Read("GET "+mlflowtest.UsersPath+"get?username=zoe", mlflowtest.OK(`{"user":{"id":9,"username":"zoe","is_admin":false}}`))
	client := s.Client(&server.Backend{Username: "zoe"})
	expectLines(t, principalsOf(t, client, mlflowtest.User("ana"), mlflowtest.User("ben"), mlflowtest.User("zoe"), mlflowtest.Group("a"),
		mlflowtest.Group("b")),
		"user zoe", "incomplete group a: "+reason, "incomplete group b: "+reason, "incomplete user ana: "+reason, "incomplete user ben: "+reason)
	if roles, users := s.Count(rolesListPath), s.Count(usersList); roles != 1 || users != 2 {
		t.Errorf("got %d lists of roles and %d of users, want 1 and 2", roles, users)
	}
}

// TestPrincipals_olderServers checks that users are found on servers without roles or without a list of users.
func TestPrincipals_olderServers(t *testing.T) {
	t.Parallel()
	for recording, responses := range map[string][]string{
		mlflowtest.LegacyServer: {"users/list: admin"}, mlflowtest.LegacyServerWithoutList: {"users/list: admin"},
	} {
		s := mlflowtest.NewRecorded(t, recording)
		s.Replay(append(responses, "users/permissions/get: the probe", "users/get: missing", "users/get: admin")...)
		s.Read("GET "+mlflowtest.ExperimentsPath+"permissions/get?experiment_id=0&username=admin",
			mlflowtest.Refuse(404, "RESOURCE_DOES_NOT_EXIST", "none"))
		client := s.Client(&server.Backend{Username: "admin"})
		expectLines(t, principalsOf(t, client, mlflowtest.User("admin"), mlflowtest.User("nobody"), mlflowtest.Group("risk")),
			"user admin admin", "user nobody gone", "incomplete group risk:")
		found, _ := client.Principals(t.Context(), []mlflow.Principal{mlflowtest.Group("risk")})
		expectUnsupported(t, found.Incomplete[0].Err, "needs MLflow 3.13 or newer")
	}
}

// TestPrincipals_unreachable checks that an unreachable server is an error.
func TestPrincipals_unreachable(t *testing.T) {
	t.Parallel()
	transport := mlflowtest.RoundTripFunc(func(*http.Request) (*http.Response, error) { return nil, fmt.Errorf("connection refused") })
	for _, p := range somePrincipals[:5] {
		_, err := mlflowtest.Client(transport, &server.Backend{Username: "admin"},
			func(o *mlflow.Options) { o.RetryTimeout = 1 }).Principals(t.Context(), []mlflow.Principal{p})
		if err == nil || rest.IsNotFound(err) {
			t.Errorf("%v: got error %v, want one other than not found", p, err)
		}
	}
}
