package server

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server/wire"
)

// Workspace is an MLflow workspace.
type Workspace struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	// DefaultArtifactRoot is the location of the artifacts of new experiments, "" for that of the server.
	DefaultArtifactRoot string `json:"default_artifact_root"`
}

const workspacesPath = "/api/3.0/mlflow/workspaces"

// workspacesResponse lists workspaces. {} lists none.
type workspacesResponse struct {
	Workspaces []Workspace `json:"workspaces"`
}

// Validate implements [rest.Response].
func (a *workspacesResponse) Validate(empty bool) error {
	if slices.ContainsFunc(a.Workspaces, func(w Workspace) bool { return w.Name == "" }) {
		return errors.New("it contains a workspace without a name")
	}
	return rest.CheckPage(a.Workspaces != nil, empty, "", "workspaces")
}

// workspaceResponse is one workspace.
type workspaceResponse struct {
	Workspace Workspace `json:"workspace"`

	name string
}

// Validate implements [rest.Response].
func (a *workspaceResponse) Validate(bool) error {
	return rest.CheckSame("workspace", a.name, a.Workspace.Name)
}

// info reads the information about the server, once. API: GET server-info (3.10).
func (d *Directory) info(ctx context.Context) (wire.ServerInfo, error) {
	return d.cache().info.Get(ctx, func(ctx context.Context) (wire.ServerInfo, error) {
		var out wire.ServerInfo
		err := d.do(ctx, rest.Call{Method: http.MethodGet, Path: "/api/3.0/mlflow/server-info", Out: &out, Group: rest.GroupOther})
		if rest.IsEndpointAbsent(err) && !rest.IsFromProxy(err) {
			return wire.ServerInfo{Absent: true}, nil
		}
		return out, err
	})
}

// HasWorkspaces reports whether the server runs with workspaces. The result is cached.
func (d *Directory) HasWorkspaces(ctx context.Context) (bool, error) {
	info, err := d.info(ctx)
	return err == nil && !info.Absent && *info.WorkspacesEnabled, err
}

// requireWorkspaces returns an *[mlflow.UnsupportedError] if the server runs without workspaces.
func (d *Directory) requireWorkspaces(ctx context.Context) error {
	info, err := d.info(ctx)
	switch {
	case err != nil:
		return err
	case info.Absent:
		return &mlflow.UnsupportedError{Reason: "workspaces need MLflow 3.10 or newer, but this MLflow server is older, or a proxy in front of " +
			"it does not forward /api/3.0. Upgrade the server and start it with --enable-workspaces, or correct the proxy"}
	case !*info.WorkspacesEnabled:
		return &mlflow.UnsupportedError{Reason: "the MLflow server runs without workspaces. Start it with --enable-workspaces"}
	}
	return nil
}

// Workspaces lists the workspaces that the caller can access, in order of name. Only for server admins, it includes "default".
// Errors: *[mlflow.UnsupportedError] if the server runs without workspaces. API: GET workspaces.
func (d *Directory) Workspaces(ctx context.Context) ([]Workspace, error) {
	if err := d.requireWorkspaces(ctx); err != nil {
		return nil, err
	}
	return d.cache().workspaces.Get(ctx, func(ctx context.Context) ([]Workspace, error) {
		var out workspacesResponse
		err := d.do(ctx, rest.Call{Method: http.MethodGet, Path: workspacesPath, Out: &out, Group: rest.GroupOther, Page: true})
		slices.SortFunc(out.Workspaces, func(a, b Workspace) int { return strings.Compare(a.Name, b.Name) })
		return out.Workspaces, err
	})
}

// Workspace returns a workspace by name, from [Directory.Workspaces] or, if it is not listed, with a direct read. Errors:
// [rest.IsNotFound].
func (d *Directory) Workspace(ctx context.Context, name string) (Workspace, error) {
	list, err := d.Workspaces(ctx)
	if err != nil {
		return Workspace{}, err
	}
	if i := slices.IndexFunc(list, func(w Workspace) bool { return w.Name == name }); i >= 0 {
		return list[i], nil
	}
	return d.getWorkspace(ctx, name)
}

// getWorkspace reads a workspace. API: GET workspaces/NAME.
func (d *Directory) getWorkspace(ctx context.Context, name string) (Workspace, error) {
	if err := d.requireWorkspaces(ctx); err != nil {
		return Workspace{}, err
	}
	out := workspaceResponse{name: name}
	err := d.do(ctx, rest.Call{Method: http.MethodGet, Path: workspacePath(name), Out: &out, Group: rest.GroupOther})
	return out.Workspace, workspaceNotFound(err, name)
}

func workspacePath(name string) string { return workspacesPath + "/" + url.PathEscape(name) }

// workspaceNotFound returns an error for which [rest.IsNotFound] is true if the server has no such workspace, or else err. For other calls,
// the same message is about the workspace of the call, and so [rest.IsNotFound] is false.
func workspaceNotFound(err error, name string) error {
	if e, ok := rest.AsRefusal(err); ok && e.Code == "RESOURCE_DOES_NOT_EXIST" && strings.Contains(e.Message, "'"+name+"'") {
		return notListedError(e.Path, "workspace", name)
	}
	return err
}

// CreateWorkspace creates a workspace. Errors: *[TakenError], *[mlflow.UnsupportedError] if the server runs without workspaces.
// API: POST workspaces.
func (d *Directory) CreateWorkspace(ctx context.Context, w Workspace) error {
	if err := d.requireWorkspaces(ctx); err != nil {
		return err
	}
	defer d.workspacesChanged()
	body := map[string]any{"name": w.Name}
	if w.Description != "" {
		body["description"] = w.Description
	}
	if w.DefaultArtifactRoot != "" {
		body["default_artifact_root"] = w.DefaultArtifactRoot
	}
	cl := rest.Call{Method: http.MethodPost, Path: workspacesPath, Group: rest.GroupOther, Out: &workspaceResponse{name: w.Name}, Body: body}
	return d.create(ctx, cl, TakenError{Noun: "workspace", Name: w.Name}, func(ctx context.Context) (bool, error) {
		found, err := d.getWorkspace(ctx, w.Name)
		return found == w, err
	})
}

// UpdateWorkspace changes the description and the artifact root of a workspace; empty ones are removed. Errors: [rest.IsNotFound].
// API: PATCH workspaces/NAME.
func (d *Directory) UpdateWorkspace(ctx context.Context, w Workspace) error {
	if err := d.requireWorkspaces(ctx); err != nil {
		return err
	}
	defer d.workspacesChanged()
	return workspaceNotFound(d.do(ctx, rest.Call{
		Method: http.MethodPatch, Path: workspacePath(w.Name), Group: rest.GroupOther, Out: &workspaceResponse{name: w.Name},
		Body: map[string]any{"description": w.Description, "default_artifact_root": w.DefaultArtifactRoot},
	}), w.Name)
}

// DeleteWorkspace deletes an empty workspace. It succeeds if the workspace does not exist. Errors: *[NotEmptyError].
// API: DELETE workspaces/NAME?mode=RESTRICT.
func (d *Directory) DeleteWorkspace(ctx context.Context, name string) error {
	if err := d.requireWorkspaces(ctx); err != nil {
		return err
	}
	defer d.workspacesChanged()
	err := workspaceNotFound(d.do(ctx, rest.Call{
		Method: http.MethodDelete, Path: workspacePath(name), Group: rest.GroupOther, Query: url.Values{"mode": {"RESTRICT"}},
	}), name)
	if e, ok := rest.AsRefusal(err); ok && e.Code == "INVALID_STATE" {
		return &NotEmptyError{Name: name, Err: err}
	}
	return ignoreAbsent(ctx, err, func(ctx context.Context) bool {
		_, err := d.getWorkspace(ctx, name)
		return rest.IsNotFound(err)
	})
}

// workspacesChanged invalidates the cached workspaces, and the users, roles, and grants.
func (d *Directory) workspacesChanged() {
	d.cache().workspaces.Forget()
	d.Forget()
}
