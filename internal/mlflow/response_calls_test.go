package mlflow_test

import (
	"context"
	"strings"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/databricks"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
)

func search(ctx context.Context, c *mlflow.Client) error {
	for _, err := range c.SearchExperiments(ctx, mlflow.Search{}) {
		if err != nil {
			return err
		}
	}
	return nil
}

func hasContent(ctx context.Context, c *mlflow.Client) error {
	_, err := c.ExperimentContent(ctx, "7")
	return err
}

func readCaller(ctx context.Context, c *mlflow.Client) error { _, err := c.Caller(ctx); return err }

func readList(ctx context.Context, c *mlflow.Client) error {
	_, err := c.AccessControl().Get(ctx, "7")
	return err
}

func grantTo(p mlflow.Principal, level string) func(context.Context, *mlflow.Client) error {
	return func(ctx context.Context, c *mlflow.Client) error {
		_, err := c.AccessControl().Grant(ctx, "7", mlflow.Grant{Principal: p, Level: level})
		return err
	}
}

func revokeFrom(p mlflow.Principal) func(context.Context, *mlflow.Client) error {
	return func(ctx context.Context, c *mlflow.Client) error { return c.AccessControl().Revoke(ctx, "7", p) }
}

// checkedCalls lists all calls of the client, except those in runCalls, directoryCalls, and principalCalls.
var checkedCalls = []checkedCall{
	{route: "GET /api/2.0/mlflow/experiments/get", rule: "the experiment with the ID", valid: []string{experiment7},
		invalid: []string{experiment8},
		use:     func(ctx context.Context, c *mlflow.Client) error { _, err := c.GetExperiment(ctx, "7"); return err }},
	{route: "GET /api/2.0/mlflow/experiments/get-by-name", rule: "the experiment with the name", valid: []string{experiment7},
		invalid: []string{experiment8},
		use: func(ctx context.Context, c *mlflow.Client) error {
			_, err := c.GetExperimentByName(ctx, "/Shared/x")
			return err
		}},
	{route: "POST /api/2.0/mlflow/experiments/create", rule: "an ID", valid: []string{`{"experiment_id":"7"}`},
		invalid: []string{`{"experiment_id":""}`, experiment7},
		use: func(ctx context.Context, c *mlflow.Client) error {
			_, err := c.CreateExperiment(ctx, mlflow.NewExperiment{Name: "/Shared/x"}, time.Now())
			return err
		}},
	{route: "POST /api/2.0/mlflow/experiments/search", rule: "{}, experiments with IDs, or a page token",
		valid: []string{`{"experiments":[{"experiment_id":"7"}]}`}, emptyObject: true,
		invalid: []string{`{"experiments":[{"name":"/Shared/x"}]}`, `{"runs":[]}`}, use: search},
	{route: "POST /api/2.0/mlflow/experiments/update", rule: "nothing", valid: []string{`{}`}, emptyObject: true, emptyBody: true,
		invalid: []string{experiment7},
		use:     func(ctx context.Context, c *mlflow.Client) error { return c.RenameExperiment(ctx, "7", "/Shared/z") }},
	{route: "POST /api/2.0/mlflow/experiments/delete", rule: "nothing", valid: []string{`{}`}, emptyObject: true, emptyBody: true,
		invalid: []string{experiment7},
		use:     func(ctx context.Context, c *mlflow.Client) error { return c.DeleteExperiment(ctx, "7") }},
	{route: "POST /api/2.0/mlflow/experiments/restore", rule: "nothing", valid: []string{`{}`}, emptyObject: true, emptyBody: true,
		invalid: []string{experiment7},
		other:   map[string][]string{"GET /api/2.0/mlflow/experiments/get": {strings.Replace(experiment7, "active", "deleted", 1)}},
		use:     func(ctx context.Context, c *mlflow.Client) error { return c.RestoreExperiment(ctx, "7") }},
	{route: "POST /api/2.0/mlflow/experiments/set-experiment-tag", rule: "nothing", valid: []string{`{}`}, emptyObject: true, emptyBody: true,
		invalid: []string{experiment7},
		use: func(ctx context.Context, c *mlflow.Client) error {
			return c.SetTag(ctx, "7", mlflow.Tag{Key: "k", Value: "v"})
		}},
	{route: "POST /api/2.0/mlflow/experiments/delete-experiment-tag", rule: "nothing", valid: []string{`{}`}, emptyObject: true,
		emptyBody: true, invalid: []string{experiment7},
		use: func(ctx context.Context, c *mlflow.Client) error { _, err := c.RemoveTag(ctx, "7", "k"); return err }},
	{route: "POST /api/2.0/mlflow/runs/search", rule: "{}, runs, or a page token", valid: []string{`{"runs":[]}`}, emptyObject: true,
		invalid: []string{experiment7}, use: hasContent},
	{route: "POST /api/3.0/mlflow/traces/search", rule: "{}, traces, or a page token", valid: []string{`{"traces":[]}`}, emptyObject: true,
		invalid: []string{experiment7}, use: hasContent},
	{route: "GET /api/2.0/mlflow/traces", rule: "{}, traces, or a page token", valid: []string{`{"traces":[]}`}, emptyObject: true,
		invalid: []string{experiment7},
		other:   map[string][]string{"POST /api/3.0/mlflow/traces/search": {absentPage}}, use: hasContent},
	{route: "POST /api/2.0/mlflow/logged-models/search", rule: "{}, models, or a page token", valid: []string{`{"models":[]}`},
		emptyObject: true, invalid: []string{experiment7}, use: hasContent},
	{route: "POST /api/2.0/workspace/mkdirs", rule: "nothing", valid: []string{`{}`}, emptyObject: true, emptyBody: true,
		invalid: []string{experiment7},
		use:     func(ctx context.Context, c *mlflow.Client) error { return c.CreateParents(ctx, "/Team/a/x") }},
	{route: "GET /api/2.0/workspace/get-status", rule: "an object with an ID and a path",
		valid: []string{`{"object_id":9,"object_type":"DIRECTORY","path":"/Team"}`}, invalid: []string{experiment7},
		use: func(ctx context.Context, c *mlflow.Client) error {
			_, err := databricks.WorkspaceStatus(ctx, c, "/Team")
			return err
		}},
	{route: "GET /api/2.0/workspace/list", rule: "{}, or objects in the folder",
		valid: []string{`{"objects":[{"object_id":9,"object_type":"DIRECTORY","path":"/Team/a"}]}`}, emptyObject: true,
		invalid: []string{experiment7, `{"objects":[{"object_id":9,"object_type":"DIRECTORY","path":"/Other/a"}]}`},
		use: func(ctx context.Context, c *mlflow.Client) error {
			_, err := databricks.ListFolder(ctx, c, "/Team")
			return err
		}},
	{route: "GET /api/2.0/preview/scim/v2/Me", rule: "a userName", valid: []string{`{"userName":"ana"}`}, invalid: []string{`{"id":"1"}`},
		use: readCaller},
	{route: "GET /api/2.0/permissions/experiments/7", rule: "the list of the experiment", valid: []string{acl7},
		invalid: []string{acl8, `{"access_control_list":[]}`}, use: readList},
	{route: "PUT /api/2.0/permissions/experiments/7", rule: "the list of the experiment, with the written grants", valid: []string{acl7},
		invalid: []string{acl8, acl7Empty},
		use: func(ctx context.Context, c *mlflow.Client) error {
			_, err := c.AccessControl().Set(ctx, "7", []mlflow.Grant{editAna})
			return err
		}},
	{route: "PATCH /api/2.0/permissions/experiments/7", rule: "the list of the experiment, with the written grants", valid: []string{acl7},
		invalid: []string{acl8, acl7Empty}, use: grantTo(ana, mlflow.LevelEdit)},
	{route: "GET /api/2.0/permissions/experiments/7/permissionLevels", rule: "levels",
		valid: []string{`{"permission_levels":[{"permission_level":"CAN_READ"}]}`}, invalid: []string{experiment7},
		use: func(ctx context.Context, c *mlflow.Client) error {
			_, err := c.AccessControl().Levels(ctx, "7")
			return err
		}},

	{route: getEffective, rule: "a level", server: true, valid: validResponses[getEffective], invalid: []string{`{"allowed":true}`},
		use: readList},
	{route: rolesList, rule: "roles with IDs and names, or an empty list", server: true, valid: []string{noGrants},
		invalid: []string{`{"roles":[{"name":"ds"}]}`, allUsers}, use: readList},
	{route: "GET /api/2.0/mlflow/users/list", rule: "users with names", server: true, valid: []string{allUsers},
		invalid: []string{`{"users":[]}`, noGrants}, use: readList},
	{route: "GET /api/2.0/mlflow/users/current", rule: "a user", server: true, valid: validResponses["GET /api/2.0/mlflow/users/current"],
		invalid: []string{`{"is_basic_auth":true}`}, use: readCaller},
	{route: "GET /api/3.0/mlflow/users/current/permissions", rule: "a list", server: true, valid: []string{`{"permissions":[]}`},
		invalid: []string{allUsers}, use: readCaller},
	{route: "POST /api/3.0/mlflow/users/permissions/grant", rule: "nothing", server: true, valid: []string{`{}`}, emptyObject: true,
		emptyBody: true, invalid: []string{allUsers}, use: grantTo(ana, mlflow.LevelEdit)},
	{route: "POST /api/3.0/mlflow/users/permissions/revoke", rule: "nothing, after which the grant does not exist", server: true,
		valid: []string{`{}`}, emptyObject: true, emptyBody: true, invalid: []string{allUsers},
		other: map[string][]string{rolesList: {anaEdits, noGrants}}, use: revokeFrom(ana)},
	{route: "POST /api/3.0/mlflow/roles/permissions/add", rule: "the row of the experiment", server: true, valid: []string{roleRow7},
		invalid: []string{roleRow8}, use: grantTo(dsRole, mlflow.LevelRead)},
	{route: "PATCH /api/3.0/mlflow/roles/permissions/update", rule: "the row of the experiment", server: true, valid: []string{roleRow7},
		invalid: []string{roleRow8},
		other:   map[string][]string{rolesList: {roleEdits}}, use: grantTo(dsRole, mlflow.LevelRead)},
	{route: "DELETE /api/3.0/mlflow/roles/permissions/remove", rule: "nothing, after which the grant does not exist", server: true,
		valid: []string{`{}`}, emptyObject: true, emptyBody: true, invalid: []string{allUsers},
		other: map[string][]string{rolesList: {roleEdits, roleEdits, noGrants}}, use: revokeFrom(dsRole)},

	{route: "GET /api/2.0/mlflow/users/get", rule: "the user", server: true, valid: validResponses["GET /api/2.0/mlflow/users/get"],
		other:   legacyResponses,
		invalid: []string{`{"user":{"id":2,"username":"ADMIN"}}`}, use: readCaller},
	{route: legacyGet, rule: "the grant on the experiment", server: true, valid: []string{mlflowtest.NotFoundBody, legacyRow7},
		other: with(legacyResponses, legacyGet), invalid: []string{legacyRow8},
		use: func(ctx context.Context, c *mlflow.Client) error {
			_, err := c.AccessControl().Level(ctx, "7", ana)
			return err
		}},
	{route: "POST /api/2.0/mlflow/experiments/permissions/create", rule: "the grant on the experiment", server: true,
		valid: []string{legacyRow7}, other: legacyResponses, invalid: []string{legacyRow8}, use: grantTo(ana, mlflow.LevelEdit)},
	{route: "PATCH /api/2.0/mlflow/experiments/permissions/update", rule: "nothing", server: true, valid: []string{`{}`}, emptyObject: true,
		emptyBody: true,
		other:     with(legacyResponses, legacyGet, mlflowtest.NotFoundBody, legacyRow7), invalid: []string{legacyRow8},
		use: grantTo(ana, mlflow.LevelManage)},
	{route: "DELETE /api/2.0/mlflow/experiments/permissions/delete", rule: "nothing, after which the grant does not exist", server: true,
		valid: []string{`{}`}, emptyObject: true, emptyBody: true,
		other: with(legacyResponses, legacyGet, mlflowtest.NotFoundBody, legacyRow7, mlflowtest.NotFoundBody), invalid: []string{legacyRow8},
		use: revokeFrom(ana)},
}
