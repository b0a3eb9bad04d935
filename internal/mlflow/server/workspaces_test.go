package server_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

var risk = server.Workspace{Name: "risk", Description: "Risk models", DefaultArtifactRoot: "s3://ml-risk"}

// TestWorkspaces checks the responses of a real server with workspaces.
func TestWorkspaces(t *testing.T) {
	t.Parallel()
	s, d := recordedDirectory(t, mlflowtest.WorkspacesServer, "server-info", "workspaces", "workspaces/get: missing")
	ctx := t.Context()
	list, err := d.Workspaces(ctx)
	want := "[{default Default workspace for legacy resources } {other  } {risk Risk models s3://ml-risk}]"
	if got := fmt.Sprint(list); err != nil || got != want {
		t.Errorf("got %s, error %v; want %s", got, err, want)
	}
	if w, err := d.Workspace(ctx, "risk"); err != nil || w != risk {
		t.Errorf("got %v, error %v", w, err)
	}
	if _, err := d.Workspace(ctx, "none"); !rest.IsNotFound(err) {
		t.Errorf("got error %v, want not found", err)
	}
	if has, err := d.HasWorkspaces(ctx); err != nil || !has {
		t.Errorf("got workspaces %v, error %v; want true", has, err)
	}
	s.ExpectRequests(serverInfo, workspacesList, "GET "+mlflowtest.WorkspacesPath+"/none")

	s.Expect(s.RecordedWrite("workspaces/create"), s.RecordedWrite("workspaces/create: taken"), s.RecordedWrite("workspaces/create: bad name"))
	if err := d.CreateWorkspace(ctx, risk); err != nil {
		t.Error(err)
	}
	s.Replay("workspaces/get")
	expectTakenError(t, d.CreateWorkspace(ctx, server.Workspace{Name: "risk"}), "workspace", "risk")
	mlflowtest.ExpectError(t, d.CreateWorkspace(ctx, server.Workspace{Name: "Risk"}), "must match the pattern")

	s.Expect(s.RecordedWrite("workspaces/update"), s.RecordedWrite("workspaces/update: missing"))
	if err := d.UpdateWorkspace(ctx, server.Workspace{Name: "risk"}); err != nil {
		t.Error(err)
	}
	if err := d.UpdateWorkspace(ctx, server.Workspace{Name: "none"}); !rest.IsNotFound(err) {
		t.Errorf("got error %v, want not found", err)
	}

	s.Expect(s.RecordedWrite("workspaces/delete"), s.RecordedWrite("workspaces/delete: missing"),
		s.RecordedWrite("workspaces/delete: not empty"))
	s.Read("GET "+mlflowtest.WorkspacesPath+"/team", mlflowtest.Refuse(404, "RESOURCE_DOES_NOT_EXIST", "Workspace 'team' not found"))
	for range 2 {
		if err := d.DeleteWorkspace(ctx, "team"); err != nil {
			t.Error(err)
		}
	}
	err = d.DeleteWorkspace(ctx, "risk")
	if full, ok := errors.AsType[*server.NotEmptyError](err); !ok || full.Name != "risk" {
		t.Errorf("got error %T: %v, want *NotEmptyError of risk", err, err)
	}
	mlflowtest.ExpectError(t, err, "still contains 1 resource(s)")
	s.Expect(s.RecordedWrite("workspaces/delete: default"))
	mlflowtest.ExpectError(t, d.DeleteWorkspace(ctx, "default"), "reserved")
}

// TestWorkspaces_user checks that a user lists only the workspaces with access, which can be none.
func TestWorkspaces_user(t *testing.T) {
	t.Parallel()
	s, d := recordedDirectory(t, mlflowtest.WorkspacesServer, "server-info")
	s.Read(workspacesList, s.RecordedResponse("workspaces: of a user"))
	s.Read(getRisk, s.RecordedResponse("workspaces/get: denied"))
	if list, err := d.Workspaces(t.Context()); err != nil {
		t.Errorf("got %v, error %v", list, err)
	}
	if _, err := d.Workspace(t.Context(), "risk"); !rest.IsPermissionDenied(err) {
		t.Errorf("got error %v, want permission denied", err)
	}
}

// TestWorkspaces_off checks that no request for workspaces is sent to a server without them.
func TestWorkspaces_off(t *testing.T) {
	t.Parallel()
	for _, recording := range []string{mlflowtest.RBACServer, mlflowtest.LegacyServer, mlflowtest.LegacyServerWithoutList} {
		t.Run(recording, func(t *testing.T) {
			t.Parallel()
			s, d := recordedDirectory(t, recording, "server-info")
			ctx := t.Context()
			_, listErr := d.Workspaces(ctx)
			_, readErr := d.Workspace(ctx, "risk")
			for _, err := range []error{listErr, readErr, d.CreateWorkspace(ctx, risk), d.UpdateWorkspace(ctx, risk),
				d.DeleteWorkspace(ctx, "risk")} {
				expectUnsupported(t, err, "--enable-workspaces")
			}
			s.ExpectRequests(serverInfo)
		})
	}
}

// TestCreateWorkspace checks that a workspace is created once, also if the response is lost.
func TestCreateWorkspace(t *testing.T) {
	t.Parallel()
	missing := mlflowtest.Refuse(404, "RESOURCE_DOES_NOT_EXIST", "Workspace 'risk' not found")
	const made = `{"workspace":{"name":"risk","description":"Risk models","default_artifact_root":"s3://ml-risk"}}`
	create := mlflowtest.Write{
		Call: "POST " + mlflowtest.WorkspacesPath, Response: mlflowtest.LostResponse,
		Then: map[string]mlflowtest.Response{getRisk: mlflowtest.OK(made)},
		Body: `{"name":"risk","description":"Risk models","default_artifact_root":"s3://ml-risk"}`,
	}
	never := create
	never.Then = nil
	others := create
	others.Then = map[string]mlflowtest.Response{getRisk: mlflowtest.OK(`{"workspace":{"name":"risk"}}`)}
	for name, tc := range map[string]struct {
		writes []mlflowtest.Write
		taken  bool
	}{
		"lost, but created":         {[]mlflowtest.Write{create}, false},
		"lost request":              {[]mlflowtest.Write{never, create.WithResponse(mlflowtest.OK(made))}, false},
		"created by another client": {[]mlflowtest.Write{others}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := mlflowtest.NewScripted(t)
				s.Read(serverInfo, mlflowtest.OK(workspacesEnabled))
				s.Read(getRisk, missing)
				s.Expect(tc.writes...)
				err := directoryOf(t, s).CreateWorkspace(t.Context(), risk)
				if tc.taken {
					expectTakenError(t, err, "workspace", "risk")
				} else if err != nil {
					t.Error(err)
				}
			})
		})
	}
}
