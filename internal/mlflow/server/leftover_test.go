package server_test

import (
	"fmt"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

// TestLeftover: grants outlive their experiment, and apply to the next experiment with its ID.
func TestLeftover(t *testing.T) {
	t.Parallel()
	leftover := func(t *testing.T, s *mlflowtest.Scripted, backend *server.Backend) map[mlflow.Principal]string {
		t.Helper()
		grants, err := s.Client(backend).AccessControl().Leftover(t.Context(), "1")
		if err != nil {
			t.Fatal(err)
		}
		levels := map[mlflow.Principal]string{}
		for _, g := range grants {
			levels[g.Principal] = g.Level
		}
		return levels
	}
	t.Run("of other principals", func(t *testing.T) {
		t.Parallel()
		got := leftover(t, newRBACServer(t).Scripted, &server.Backend{Username: "admin"})
		want := map[mlflow.Principal]string{mlflowtest.User("ana"): mlflow.LevelEdit, mlflowtest.User("ben"): "DENY",
			mlflowtest.Group("risk"): mlflow.LevelRead}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
	t.Run("none", func(t *testing.T) {
		t.Parallel()
		s := newRBACServer(t)
		s.Read(rolesList, s.rolesResponse(map[string]string{"admin": "MANAGE"})) // the grant of the creator
		if got := leftover(t, s.Scripted, &server.Backend{Username: "admin"}); len(got) > 0 {
			t.Errorf("got %v, want none", got)
		}
	})
	t.Run("cannot be listed", func(t *testing.T) {
		t.Parallel()
		s := newRBACServer(t)
		s.Read(rolesList, s.RecordedResponse("roles/list: in no role"))
		if got := leftover(t, s.Scripted, &server.Backend{Username: "admin"}); len(got) > 0 {
			t.Errorf("got %v, want none", got)
		}
	})
	t.Run("without credentials no request", func(t *testing.T) {
		t.Parallel()
		s := mlflowtest.NewScripted(t)
		if got := leftover(t, s, &server.Backend{}); len(got) > 0 || len(s.Requests()) > 0 {
			t.Errorf("got %v, want none", got)
		}
	})
	t.Run("an error", func(t *testing.T) {
		t.Parallel()
		s := newRBACServer(t)
		s.Read(rolesList, mlflowtest.OK(`{}`))
		if grants, err := s.Client(&server.Backend{Username: "admin"}).AccessControl().Leftover(t.Context(), "1"); err == nil {
			t.Errorf("got %v, want an error", grants)
		}
	})
}
