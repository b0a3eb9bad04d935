package databricks_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/databricks"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

const scimPath = "/api/2.0/preview/scim/v2/"

// describe returns a line for each result: "KIND NAME …", "GROUP: KIND NAME via …", "everybody: …", "incomplete KIND NAME: …".
func describe(found mlflow.Principals) []string {
	var lines []string
	for _, s := range found.Status {
		line := fmt.Sprintf("%s %s", s.Principal.Kind, s.Principal.Name)
		switch {
		case !s.Exists:
			line += " gone"
		case !s.Active:
			line += " inactive"
		}
		lines = append(lines, line)
	}
	for _, m := range found.Members {
		line := fmt.Sprintf("%s: %s %s", m.Group, m.Principal.Kind, m.Principal.Name)
		if len(m.Via) > 0 {
			line += " via " + strings.Join(m.Via, " > ")
		}
		lines = append(lines, line)
	}
	for _, e := range found.Everybody {
		lines = append(lines, "everybody: "+e)
	}
	for _, i := range found.Incomplete {
		lines = append(lines, fmt.Sprintf("incomplete %s %s: %s", i.Principal.Kind, i.Principal.Name, i.Reason))
	}
	return lines
}

func expectPrincipals(t *testing.T, client *mlflow.Client, wanted []mlflow.Principal, want ...string) mlflow.Principals {
	t.Helper()
	found, err := client.Principals(t.Context(), wanted)
	if got := describe(found); err != nil || !slices.Equal(got, want) {
		t.Errorf("got error %v and\n%s\nwant\n%s", err, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	return found
}

// requestPaths returns the paths of all requests, sorted, without their queries.
func requestPaths(w *emulator.Workspace) string {
	var all []string
	for _, c := range w.Journal() {
		all = append(all, strings.TrimPrefix(c.Path, scimPath))
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

func addMembers(w *emulator.Workspace, group string, members ...emulator.Principal) {
	w.AddGroup(group)
	for _, m := range members {
		if m.Kind == "group" {
			w.AddGroup(m.Name)
		}
		w.AddToGroups(m, group)
	}
}

var (
	ana, ben = emulator.UserPrincipal(emulator.User), emulator.UserPrincipal(emulator.OtherUser)
	robot    = emulator.ServicePrincipalPrincipal(emulator.ServicePrincipal)
	groupOf  = emulator.GroupPrincipal
)

func TestPrincipals(t *testing.T) {
	t.Parallel()
	w, client := mlflowtest.Workspace(t, emulator.Options{SCIM: emulator.SCIMOptions{OmitInactive: true}})
	w.SetNames(ana, "Ana Lee", "ext-1")
	w.SetNames(groupOf("risk"), "", "ext-9")
	w.Deactivate(ben)
	w.AddUser("carl@example.com")
	w.DeletePrincipal(emulator.UserPrincipal("carl@example.com"))
	addMembers(w, "risk", ana, groupOf("leads"))
	addMembers(w, "leads", ana, ben, groupOf("chiefs"))
	addMembers(w, "chiefs", robot, groupOf("risk"), groupOf("chiefs")) // a cycle
	w.ResetJournal()
	found := expectPrincipals(t, client, []mlflow.Principal{
		mlflowtest.Group("risk"), mlflowtest.User("ANA@example.com"), mlflowtest.User("carl@example.com"), mlflowtest.Group("Risk"),
		mlflowtest.User("ana@example.com"),
		mlflowtest.User(strings.ToUpper(emulator.ServicePrincipal)), {Kind: mlflow.KindServicePrincipal,
			Name: "00000000-0000-0000-0000-000000000001"},
	},
		"group Risk gone", "group chiefs", "group leads", "group risk",
		"service_principal 00000000-0000-0000-0000-000000000001 gone",
		"user "+strings.ToUpper(emulator.ServicePrincipal), "user ANA@example.com", "user ben@example.com inactive", "user carl@example.com gone",
		"risk: group chiefs via leads", "risk: group leads",
		"risk: user "+strings.ToUpper(emulator.ServicePrincipal)+" via leads > chiefs", "risk: user ANA@example.com",
		"risk: user ben@example.com via leads",
	)
	if s := found.Status[6]; s.DisplayName != "Ana Lee" || s.ExternalID != "ext-1" || !s.Active || s.Admin {
		t.Errorf("got user %+v", s)
	}
	if s := found.Status[3]; s.DisplayName != "risk" || s.ExternalID != "ext-9" || !s.Active {
		t.Errorf("got group %+v", s)
	}
	if got := requestPaths(w); got != "Groups ServicePrincipals Users" {
		t.Errorf("got the requests %q, want one of each list", got)
	}
}

// TestPrincipals_calls checks that only lists of the requested kinds are read, and none for the groups of all users.
func TestPrincipals_calls(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		wanted      []mlflow.Principal
		calls, want string
	}{
		"nothing": {nil, "", ""},
		"a user":  {[]mlflow.Principal{mlflowtest.User(emulator.User)}, "Users", "user ana@example.com"},
		"a service principal": {[]mlflow.Principal{mlflowtest.ServicePrincipal}, "ServicePrincipals",
			"service_principal " + emulator.ServicePrincipal},
		"a service principal as a user": {[]mlflow.Principal{mlflowtest.User(emulator.ServicePrincipal)}, "ServicePrincipals",
			"user " + emulator.ServicePrincipal},
		"all users": {[]mlflow.Principal{mlflowtest.Group("users"), mlflowtest.Group("account users")}, "",
			"group account users\ngroup users\neverybody: account users\neverybody: users"},
		"a group of users": {[]mlflow.Principal{mlflowtest.Group("leads")}, "Groups Users",
			"group leads\nuser ana@example.com\nleads: user ana@example.com"},
		"a group with all users": {[]mlflow.Principal{mlflowtest.Group("open")}, "Groups",
			"group open\ngroup users\nopen: group users\neverybody: users"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, client := mlflowtest.Workspace(t, emulator.Options{})
			addMembers(w, "leads", ana)
			addMembers(w, "open", groupOf("users"))
			w.ResetJournal()
			var want []string
			if tc.want != "" {
				want = strings.Split(tc.want, "\n")
			}
			expectPrincipals(t, client, tc.wanted, want...)
			if got := requestPaths(w); got != tc.calls {
				t.Errorf("got the requests %q, want %q", got, tc.calls)
			}
		})
	}
}

// TestPrincipals_pages checks the number of requests: the server chooses the size of a page, and each group that is listed without members
// is read.
func TestPrincipals_pages(t *testing.T) {
	t.Parallel()
	for _, o := range []emulator.SCIMOptions{
		{}, {PageSize: 1}, {PageSize: 3, MemberTypes: true}, {PageSize: 4, OmitAccountMembersInLists: true},
	} {
		w, client := mlflowtest.Workspace(t, emulator.Options{SCIM: o})
		want := []string{"group g"}
		var members []emulator.Principal
		for i := range 10 {
			name := fmt.Sprintf("u%d@example.com", i)
			w.AddUser(name)
			members = append(members, emulator.UserPrincipal(name))
			want = append(want, "user "+name)
		}
		for _, m := range members {
			want = append(want, "g: user "+m.Name)
		}
		w.AddAccountGroup("g")
		addMembers(w, "g", members...)
		w.ResetJournal()
		expectPrincipals(t, client, []mlflow.Principal{mlflowtest.Group("g")}, want...)
		pages := func(n int) int {
			if o.PageSize == 0 {
				return 1
			}
			return (n + o.PageSize - 1) / o.PageSize
		}
		single := 0
		if o.OmitAccountMembersInLists {
			single = 1
		}
		if users, groups, byID := w.Count("GET", scimPath+"Users"), w.Count("GET", scimPath+"Groups"),
			w.Count("GET", scimPath+"Groups/*"); users != pages(13) ||
			groups != pages(6) || byID != single {
			t.Errorf("%+v: got %d pages of users, %d of groups, and %d single groups", o, users, groups, byID)
		}
	}
}

// TestPrincipals_incomplete checks that entries that the caller cannot read are reported as incomplete.
func TestPrincipals_incomplete(t *testing.T) {
	t.Parallel()
	const (
		noMembers = "The identity that runs Terraform cannot read the members of the group."
		noUsers   = "The identity that runs Terraform cannot list the users of the workspace."
		noGroups  = "The identity that runs Terraform cannot list the groups of the workspace."
	)
	prepare := func(t *testing.T, o emulator.SCIMOptions, token string) (*emulator.Workspace, *mlflow.Client) {
		w := emulator.New(emulator.Options{SCIM: o})
		addMembers(w, "leads", ana, robot)
		addMembers(w, "risk", groupOf("leads"))
		return w, mlflowtest.Connect(t, w, token, mlflowtest.ShortRetryTimeout)
	}
	wanted := []mlflow.Principal{mlflowtest.Group("risk"), mlflowtest.Group("leads"), mlflowtest.Group("ml-platform"),
		mlflowtest.User(emulator.User)}
	t.Run("members", func(t *testing.T) {
		t.Parallel()
		w, client := prepare(t, emulator.SCIMOptions{RestrictMembers: true, RestrictExternalIDs: true}, emulator.UserToken)
		found := expectPrincipals(t, client, wanted, "group leads", "group ml-platform", "group risk", "user ana@example.com",
			"incomplete group leads: "+noMembers, "incomplete group ml-platform: "+noMembers, "incomplete group risk: "+noMembers)
		if !rest.IsPermissionDenied(found.Incomplete[0].Err) {
			t.Errorf("got error %v, want permission denied", found.Incomplete[0].Err)
		}
		if n := w.Count("GET", scimPath+"Groups/*"); n > 3 {
			t.Errorf("got %d reads of groups, want at most 3", n)
		}
	})
	t.Run("external IDs", func(t *testing.T) {
		t.Parallel()
		_, client := prepare(t, emulator.SCIMOptions{RestrictExternalIDs: true, OmitAccountMembersInLists: true}, emulator.UserToken)
		expectPrincipals(t, client, wanted[2:3], "group ml-platform")
	})
	for route, want := range map[string][]string{
		"Users": {"group leads", "group ml-platform", "group risk", "service_principal " + emulator.ServicePrincipal,
			"leads: service_principal " + emulator.ServicePrincipal, "risk: group leads",
			"risk: service_principal " + emulator.ServicePrincipal + " via leads",
			"incomplete group leads: " + noUsers,
			"incomplete user ana@example.com: " + noUsers},
		"Groups": {"user ana@example.com", "incomplete group leads: " + noGroups, "incomplete group ml-platform: " + noGroups,
			"incomplete group risk: " + noGroups},
	} {
		t.Run(route, func(t *testing.T) {
			t.Parallel()
			w, client := prepare(t, emulator.SCIMOptions{}, emulator.AdminToken)
			w.Inject(emulator.Fault{Path: scimPath + route, Times: -1, RawBody: `{"schemas":["x"],"detail":"Only admins.","status":"403"}`,
				Status: http.StatusForbidden})
			expectPrincipals(t, client, wanted, want...)
			if n := w.Count("GET", scimPath+route); n != 1 {
				t.Errorf("got %d reads of the list, want 1", n)
			}
		})
	}
}

// TestPrincipals_errors checks that other errors, such as an IP access list or an invalid token, end the lookup.
func TestPrincipals_errors(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]emulator.Fault{
		"a server error": {Status: http.StatusNotImplemented, Code: "NOT_IMPLEMENTED", Message: "no"},
		"an IP access list": {Status: http.StatusForbidden, Code: "PERMISSION_DENIED",
			Message: "Source IP address: 1.2.3.4 is blocked by Databricks IP ACL"},
		"an invalid token":  {Status: http.StatusForbidden, RawBody: `{"error_code":403,"message":"Invalid access token."}`},
		"a page of a proxy": {RawBody: `<html>Sign in</html>`},
		"another list":      {RawBody: `{"Resources":[{"id":"1","displayName":"x"}]}`},
	} {
		for _, route := range []string{"Users", "Groups/*"} {
			w, client := mlflowtest.Workspace(t, emulator.Options{}, mlflowtest.ShortRetryTimeout)
			f.Path, f.Times = scimPath+route, -1
			w.Inject(f)
			found, err := client.Principals(t.Context(), []mlflow.Principal{mlflowtest.User(emulator.User), mlflowtest.Group("risk")})
			if err == nil || len(found.Status) > 0 {
				t.Errorf("%s at %s: got error %v, results %q; want an error", name, route, err, describe(found))
			}
		}
	}
}

// scriptedLists returns a client of a server with these pages.
func scriptedLists(t *testing.T, pages map[string]string) *mlflow.Client {
	t.Helper()
	s := mlflowtest.NewScripted(t)
	for call, body := range pages {
		route, start, _ := strings.Cut(call, " ")
		attributes := map[string]string{"Users": "id%2CuserName%2CdisplayName%2Cactive%2CexternalId",
			"Groups": "id%2CdisplayName%2CexternalId%2Cmembers"}[route]
		path := "GET " + scimPath + route + "?attributes=" + attributes + "&count=1000&startIndex=" + start
		if attributes == "" {
			path = "GET " + scimPath + route + "?attributes=id%2CdisplayName%2Cmembers"
		}
		s.Read(path, mlflowtest.OK(body))
	}
	return s.Client(databricks.Backend{})
}

func TestPrincipals_oddPages(t *testing.T) {
	t.Parallel()
	const user1, user2 = `{"id":"1","userName":"ana@example.com","active":true}`, `{"id":"2","userName":"ben@example.com","active":true}`
	unsure := "It was not found, but the list of users is not complete: it was changed while it was read, or the server did not return all " +
		"of it."
	for name, tc := range map[string]struct {
		pages map[string]string
		want  string // or the error
	}{
		"smaller pages": {map[string]string{
			"Users 1": `{"totalResults":2,"startIndex":1,"Resources":[` + user1 + `]}`,
			"Users 2": `{"totalResults":2,"startIndex":2,"Resources":[` + user2 + `]}`,
		}, "user ben@example.com, user carl@example.com gone"},
		"no total": {map[string]string{
			"Users 1": `{"Resources":[` + user1 + `,` + user2 + `]}`, "Users 3": `{"totalResults":0,"itemsPerPage":0}`,
		}, "user ben@example.com, user carl@example.com gone"},
		"numbers as text": {map[string]string{"Users 1": `{"totalResults":"2","startIndex":"1","Resources":[` + user1 + `,` + user2 + `]}`},
			"user ben@example.com, user carl@example.com gone"},
		"a user removed meanwhile": {map[string]string{
			"Users 1": `{"totalResults":3,"startIndex":1,"Resources":[` + user1 + `]}`,
			"Users 2": `{"totalResults":2,"startIndex":2,"Resources":[` + user2 + `]}`,
		}, "user ben@example.com, incomplete user carl@example.com: " + unsure},
		"an early end": {map[string]string{
			"Users 1": `{"totalResults":9,"startIndex":1,"Resources":[` + user2 + `]}`,
			"Users 2": `{"totalResults":9,"startIndex":2,"itemsPerPage":0}`,
		}, "user ben@example.com, incomplete user carl@example.com: " + unsure},
		"the same page again": {map[string]string{
			"Users 1": `{"totalResults":2,"startIndex":1,"Resources":[` + user1 + `]}`,
			"Users 2": `{"totalResults":2,"startIndex":1,"Resources":[` + user1 + `]}`,
		}, "error listing users: the page at startIndex 2 contains only entries of earlier pages"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, err := scriptedLists(t, tc.pages).Principals(t.Context(), []mlflow.Principal{mlflowtest.User(emulator.OtherUser),
				mlflowtest.User("carl@example.com")})
			got := strings.Join(describe(found), ", ")
			if err != nil {
				got = "error " + err.Error()
			}
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// TestPrincipals_oddMembers checks members that are identified by $ref, by type, or only by ID. A member that is in no list is reported.
func TestPrincipals_oddMembers(t *testing.T) {
	t.Parallel()
	client := scriptedLists(t, map[string]string{
		"Groups 1": `{"totalResults":3,"Resources":[{"id":"10","displayName":"a","members":[{"value":"1",
			"$ref":"https://x.test/api/2.0/preview/scim/v2/Users/1"},
			{"value":"2","type":"User"},{"value":"11","display":"b"},{"value":"99","$ref":"Users/99","display":"Zoe"}]},
			{"id":"11","displayName":"b"},{"id":"12","displayName":"b","members":[{"value":"1"}]}]}`,
		"Groups/11": `{"id":"11","displayName":"b"}`,
		"Users 1": `{"totalResults":2,"Resources":[{"id":"1","userName":"ana@example.com","active":true},{"id":"2",` +
			`"userName":"ben@example.com"}]}`,
	})
	expectPrincipals(t, client, []mlflow.Principal{mlflowtest.Group("a"), mlflowtest.Group("b")},
		"group a", "group b", "user ana@example.com", "user ben@example.com inactive",
		"a: group b", "a: user ana@example.com", "a: user ben@example.com", "b: user ana@example.com",
		`incomplete group a: Members that are not in the lists of the workspace: "Zoe".`)
}

// TestPrincipals_someMembersHidden checks that permission denied for one group does not affect another one, so that the result does not
// depend on the order of responses.
func TestPrincipals_someMembersHidden(t *testing.T) {
	t.Parallel()
	s := mlflowtest.NewScripted(t)
	const byID = "?attributes=id%2CdisplayName%2Cmembers"
	s.Read("GET "+scimPath+"Groups?attributes=id%2CdisplayName%2CexternalId%2Cmembers&count=1000&startIndex=1",
		mlflowtest.OK(`{"totalResults":3,"Resources":[
		{"id":"10","displayName":"a"},{"id":"11","displayName":"risk","members":[{"value":"12","$ref":"Groups/12"}]},{"id":"12",
			"displayName":"leads"}]}`))
	s.Read("GET "+scimPath+"Groups/10"+byID, mlflowtest.Refuse(http.StatusForbidden, "PERMISSION_DENIED", "no"))
	s.Read("GET "+scimPath+"Groups/12"+byID, mlflowtest.OK(`{"id":"12","members":[{"value":"1","$ref":"Users/1"}]}`))
	s.Read("GET "+scimPath+"Users?attributes=id%2CuserName%2CdisplayName%2Cactive%2CexternalId&count=1000&startIndex=1",
		mlflowtest.OK(`{"totalResults":1,"Resources":[{"id":"1","userName":"ana@example.com","active":true}]}`))
	client := s.Client(databricks.Backend{})
	expectPrincipals(t, client, []mlflow.Principal{mlflowtest.Group("a"), mlflowtest.Group("risk")},
		"group a", "group leads", "group risk", "user ana@example.com", "risk: group leads", "risk: user ana@example.com via leads",
		"incomplete group a: The identity that runs Terraform cannot read the members of the group.")
}

// TestPrincipals_groupDeletedMeanwhile checks a group that is deleted between the list and the read of its members.
func TestPrincipals_groupDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	w, client := mlflowtest.Workspace(t, emulator.Options{})
	w.Before("GET", scimPath+"Groups/*", func(*http.Request) { w.DeletePrincipal(groupOf("risk")) })
	expectPrincipals(t, client, []mlflow.Principal{mlflowtest.Group("risk")}, "group risk",
		"incomplete group risk: It was deleted while it was read.")
}
