package governance_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

const scimPath = "/api/2.0/preview/scim/v2/"

// grantsTo returns the argument grants from pairs of kind and name.
func grantsTo(pairs ...string) []tftypes.Value {
	typ := tftypes.Object{AttributeTypes: map[string]tftypes.Type{"kind": tftypes.String, "principal": tftypes.String}}
	var grants []tftypes.Value
	for i := 0; i < len(pairs); i += 2 {
		grants = append(grants, tftypes.NewValue(typ, map[string]tftypes.Value{
			"kind": tftypes.NewValue(tftypes.String, pairs[i]), "principal": tftypes.NewValue(tftypes.String, pairs[i+1]),
		}))
	}
	return grants
}

// principalLines returns a description of each result.
func principalLines(state map[string]any) []string {
	lines := []string{}
	for _, p := range acctest.ObjectsOf(state["principals"]) {
		line := fmt.Sprintf("%s %s", p["kind"], p["name"])
		for _, flag := range []string{"exists", "active", "admin"} {
			if acctest.IsTrue(p[flag]) {
				line += " " + flag
			}
		}
		for _, text := range []string{"display_name", "external_id"} {
			if p[text] != nil {
				line += fmt.Sprintf(" %q", p[text])
			}
		}
		lines = append(lines, line)
	}
	for _, m := range acctest.ObjectsOf(state["members"]) {
		lines = append(lines, strings.TrimSuffix(fmt.Sprintf("%s: %s %s %v", m["group"], m["kind"], m["name"], m["via"]), " []"))
	}
	if everybody, _ := state["everybody"].([]any); len(everybody) > 0 {
		lines = append(lines, fmt.Sprint("everybody ", everybody))
	}
	for _, i := range acctest.ObjectsOf(state["incomplete"]) {
		lines = append(lines, fmt.Sprintf("incomplete %s %s: %s", i["kind"], i["name"], i["reason"]))
	}
	return lines
}

// expectPrincipals checks the result of the data source.
func expectPrincipals(t *testing.T, d *acctest.Provider, config map[string]any, want ...string) {
	t.Helper()
	state, says := d.ReadDataSource("mlflow_principals", config)
	if got := principalLines(state); says != "" || !slices.Equal(got, want) {
		t.Errorf("got diagnostics %q and\n%s\nwant\n%s", says, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// workspaceWithGroups returns a workspace with nested groups, and with an inactive user.
func workspaceWithGroups(t *testing.T, o emulator.SCIMOptions) *acctest.Workspace {
	t.Helper()
	w := acctest.NewWorkspace(t, emulator.Options{SCIM: o})
	w.AddUser("carl@example.com", "leads")
	w.SetNames(emulator.UserPrincipal(emulator.User), "Ana", "idp-1")
	w.Deactivate(emulator.UserPrincipal(emulator.OtherUser))
	w.AddToGroups(emulator.UserPrincipal(emulator.OtherUser), "risk")
	w.AddToGroups(emulator.GroupPrincipal("leads"), "risk")
	w.AddToGroups(emulator.GroupPrincipal("risk"), "leads")
	w.ResetJournal()
	return w
}

func TestPrincipals(t *testing.T) {
	t.Parallel()
	w := workspaceWithGroups(t, emulator.SCIMOptions{})
	d := w.Provider(t, emulator.AdminToken)
	ben := `user ben@example.com exists "Ben"`
	carl := `user carl@example.com exists active "carl@example.com"`
	for name, tc := range map[string]struct {
		config map[string]any
		want   []string
	}{
		"names": {map[string]any{"users": []string{emulator.User, "left@example.com"}, "groups": []string{"risk", "none"},
			"service_principals": []string{emulator.ServicePrincipal}},
			[]string{`group leads exists active "leads"`, "group none", `group risk exists active "risk"`, "service_principal " +
				emulator.ServicePrincipal + ` exists active "deployer"`,
				`user ana@example.com exists active "Ana" "idp-1"`, ben, carl, "user left@example.com",
				"risk: group leads", "risk: user ben@example.com", "risk: user carl@example.com [leads]"}},
		"grants": {map[string]any{"grants": grantsTo("group", "leads", "user", strings.ToUpper(emulator.User), "group", "users", "group",
			"leads", "user", emulator.User)},
			[]string{`group leads exists active "leads"`, `group risk exists active "risk"`, "group users exists active",
				`user ANA@EXAMPLE.COM exists active "Ana" "idp-1"`, ben, carl,
				"leads: group risk", "leads: user ben@example.com [risk]", "leads: user carl@example.com", "everybody [users]"}},
		"both":    {map[string]any{"grants": grantsTo("user", emulator.OtherUser), "users": []string{emulator.OtherUser}}, []string{ben}},
		"nothing": {map[string]any{"grants": []tftypes.Value{}}, nil},
	} {
		t.Run(name, func(t *testing.T) { expectPrincipals(t, d, tc.config, tc.want...) })
	}
	w.ExpectWrites(t)
}

func TestPrincipals_incomplete(t *testing.T) {
	t.Parallel()
	w := workspaceWithGroups(t, emulator.SCIMOptions{RestrictMembers: true})
	d := w.Provider(t, emulator.UserToken)
	const reason = "The identity that runs Terraform cannot read the members of the group. The server returned: Only workspace admins can " +
		"read the members of a group (HTTP 403)."
	groups := map[string]any{"groups": []string{"risk", "leads"}}
	expectPrincipals(t, d, groups, `group leads exists active "leads"`, `group risk exists active "risk"`, "incomplete group leads: "+reason,
		"incomplete group risk: "+reason)
	w.Inject(emulator.Fault{Path: scimPath + "*", Times: -1, Status: http.StatusForbidden, Code: "PERMISSION_DENIED",
		Message: "Not for you."})
	const denied = "The server returned: Not for you (PERMISSION_DENIED, HTTP 403)."
	expectPrincipals(t, d, map[string]any{"users": []string{emulator.User}, "groups": []string{"risk"}},
		"incomplete group risk: The identity that runs Terraform cannot list the groups of the workspace. "+denied,
		"incomplete user ana@example.com: The identity that runs Terraform cannot list the users of the workspace. "+denied)
}

func TestPrincipals_errors(t *testing.T) {
	t.Parallel()
	d := acctest.NewWorkspace(t).Provider(t, emulator.AdminToken)
	for name, tc := range map[string]struct {
		config map[string]any
		want   string
	}{
		"no argument": {map[string]any{}, "At least one of these attributes must be configured: [grants,users,groups,service_principals]"},
		"another kind": {map[string]any{"grants": grantsTo("robot", "x")},
			`error at grants: Invalid grant: kind must be "user", "group", or "service_principal", not "robot".`},
		"no name":       {map[string]any{"grants": grantsTo("user", "")}, "error at grants: Invalid grant: principal must not be empty."},
		"an empty name": {map[string]any{"users": []string{""}}, "error at users: Invalid Attribute Value Length"},
		"a workspace": {map[string]any{"users": []string{"x"}, "workspace": "risk"},
			"error at workspace: MLflow workspaces are not supported"},
		"unknown grants": {map[string]any{"grants": tftypes.UnknownValue}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if _, says := d.ReadDataSource("mlflow_principals", tc.config); !strings.Contains(says, tc.want) || tc.want == "" && says != "" {
				t.Errorf("got diagnostics %q, want %q", says, tc.want)
			}
		})
	}
	w := acctest.NewWorkspace(t)
	w.Inject(emulator.Fault{Path: scimPath + "*", Times: -1, DropBefore: true})
	unreachable := acctest.NewProvider(t, map[string]any{"host": w.URL, "token": emulator.AdminToken, "retry_timeout_seconds": 1})
	state, says := unreachable.ReadDataSource("mlflow_principals", map[string]any{"users": []string{emulator.User}})
	if state["principals"] != nil ||
		!strings.HasPrefix(says, "error: Could not read principals: Databricks: GET /api/2.0/preview/scim/v2/Users failed") {
		t.Errorf("unreachable server: got state %v and diagnostics %q, want an error", state, says)
	}
}

// On an MLflow server, groups are roles, and admins are users.
func TestPrincipals_mlflowServer(t *testing.T) {
	t.Parallel()
	s := acctest.NewRecordedServer(t, map[string]string{})
	expectPrincipals(t, s.Provider(t, nil), map[string]any{
		"users": []string{"admin", "ana", "Ana"}, "groups": []string{"risk", "bosses", "none"},
		"service_principals": []string{emulator.ServicePrincipal},
	},
		"group bosses exists active", "group none", "group risk exists active", "service_principal "+emulator.ServicePrincipal,
		"user Ana", "user admin exists active admin", "user ana exists active", "risk: user ana")
}
