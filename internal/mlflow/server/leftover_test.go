package server_test

import (
	"fmt"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

// TestLeftover: grants outlive their experiment, and show on the one that has the id next.
func TestLeftover(t *testing.T) {
	t.Parallel()
	leftover := func(t *testing.T, s *mlflowtest.Scripted, backend *server.Backend) map[mlflow.Principal]string {
		t.Helper()
		grants, err := s.Client(backend).AccessControl().Leftover(t.Context(), "1")
		if err != nil {
			t.Fatal(err)
		}
		held := map[mlflow.Principal]string{}
		for _, g := range grants {
			held[g.Principal] = g.Level
		}
		return held
	}
	t.Run("of strangers", func(t *testing.T) {
		t.Parallel()
		got := leftover(t, newRBACServer(t).Scripted, &server.Backend{Username: "admin"})
		want := map[mlflow.Principal]string{mlflowtest.User("ana"): mlflow.LevelEdit, mlflowtest.User("ben"): "DENY", mlflowtest.Group("risk"): mlflow.LevelRead}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("left are %v, want %v", got, want)
		}
	})
	t.Run("none", func(t *testing.T) {
		t.Parallel()
		s := newRBACServer(t)
		s.Read(rolesList, s.rolesResponse(map[string]string{"admin": "MANAGE"})) // the creator's own
		if got := leftover(t, s.Scripted, &server.Backend{Username: "admin"}); len(got) > 0 {
			t.Errorf("left are %v", got)
		}
	})
	t.Run("not to be listed", func(t *testing.T) {
		t.Parallel()
		s := newRBACServer(t)
		s.Read(rolesList, s.RecordedResponse("roles/list: in no role"))
		if got := leftover(t, s.Scripted, &server.Backend{Username: "admin"}); len(got) > 0 {
			t.Errorf("left are %v", got)
		}
	})
	t.Run("without credentials nothing is asked", func(t *testing.T) {
		t.Parallel()
		s := mlflowtest.NewScripted(t)
		if got := leftover(t, s, &server.Backend{}); len(got) > 0 || len(s.Requests()) > 0 {
			t.Errorf("left are %v", got)
		}
	})
	t.Run("an error is an error", func(t *testing.T) {
		t.Parallel()
		s := newRBACServer(t)
		s.Read(rolesList, mlflowtest.OK(`{}`))
		if grants, err := s.Client(&server.Backend{Username: "admin"}).AccessControl().Leftover(t.Context(), "1"); err == nil {
			t.Errorf("left are %v", grants)
		}
	})
}
