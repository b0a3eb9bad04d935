package emulator_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// names returns an attribute of the resources on a page.
func names(a response, attribute string) string {
	var all []string
	for _, r := range list(a.json, "Resources") {
		all = append(all, text(r, attribute))
	}
	return strings.Join(all, " ")
}

// byDisplay finds a resource on a page.
func byDisplay(t *testing.T, a response, name string) object {
	t.Helper()
	resources := list(a.json, "Resources")
	i := slices.IndexFunc(resources, func(r object) bool { return text(r, "displayName") == name })
	if i < 0 {
		t.Fatalf("%s is not listed: %s", name, a.raw)
	}
	return resources[i]
}

func wantSCIMError(t *testing.T, a response, status int, scimType string) {
	t.Helper()
	if a.status != status || text(a.json, "detail") == "" || a.json["status"] == nil || a.json["error_code"] != nil ||
		text(a.json, "scimType") != scimType {
		t.Errorf("%d %s, want %d %q in the form of SCIM", a.status, a.raw, status, scimType)
	}
}

func TestSCIM_pages(t *testing.T) {
	for _, c := range []struct {
		fact              string
		cap               int
		query, users      string
		start, items, all float64
		resources         bool
	}{
		{"everything", 0, "", "admin@example.com ana@example.com ben@example.com", 1, 3, 3, true},
		{"the first page", 0, "count=2", "admin@example.com ana@example.com", 1, 2, 3, true},
		{"the second page", 0, "startIndex=3&count=2", "ben@example.com", 3, 1, 3, true},
		{"the cap of the server", 1, "startIndex=2&count=3", "ana@example.com", 2, 1, 3, true},
		{"the cap, without a count", 2, "", "admin@example.com ana@example.com", 1, 2, 3, true},
		{"after the last page", 0, "startIndex=4&count=2", "", 4, 0, 3, false},
		{"only the total", 0, "count=0", "", 1, 0, 3, false},
		{"before the first page", 0, "startIndex=0&count=1", "admin@example.com", 1, 1, 3, true},
	} {
		t.Run(c.fact, func(t *testing.T) {
			_, admin := start(t, emulator.Options{SCIM: emulator.SCIMOptions{PageSize: c.cap}})
			a := admin.ok("GET", scimAPI+"Users?"+c.query, nil)
			_, resources := a.json["Resources"]
			if names(a, "userName") != c.users || a.json["startIndex"] != c.start || a.json["itemsPerPage"] != c.items ||
				a.json["totalResults"] != c.all || resources != c.resources {
				t.Errorf("%s", a.raw)
			}
		})
	}
	_, admin := start(t, emulator.Options{})
	wantSCIMError(t, admin.get(scimAPI+"Users?startIndex=x"), http.StatusBadRequest, "invalidValue")
}

func TestSCIM_filters(t *testing.T) {
	w, admin := start(t, emulator.Options{})
	w.Deactivate(emulator.UserPrincipal(emulator.OtherUser))
	w.SetNames(emulator.UserPrincipal(emulator.User), `Ana "A"`, "ext-1")
	for filter, want := range map[string]string{
		`userName eq "ANA@example.com"`:                                        "ana@example.com",
		`userName ne "ana@example.com"`:                                        "admin@example.com ben@example.com",
		`userName co "N@EX"`:                                                   "admin@example.com ben@example.com",
		`userName sw "a"`:                                                      "admin@example.com ana@example.com",
		`userName sw "a" and displayName ne "Admin"`:                           "ana@example.com",
		`userName eq "none" or userName eq "ben@example.com"`:                  "ben@example.com",
		`displayName eq "Ben" or userName sw "a" and displayName eq "Admin"`:   "admin@example.com ben@example.com",
		`active eq false`:                                                      "ben@example.com",
		`externalId eq "ext-1"`:                                                "ana@example.com",
		`displayName eq "Ana \"A\""`:                                           "ana@example.com",
		`userName eq "none"`:                                                   "",
		`USERNAME EQ "ana@example.com" AND active EQ true AND userName sw "a"`: "ana@example.com",
	} {
		a := admin.ok("GET", scimAPI+"Users?filter="+url.QueryEscape(filter), nil)
		if got := names(a, "userName"); got != want {
			t.Errorf("%s finds %q, want %q", filter, got, want)
		}
	}
	for _, filter := range []string{`userName gt "a"`, `userName`, `name eq "a"`, `userName eq "a" nor userName eq "b"`,
		`(userName eq "a")`, `userName eq "a`} {
		wantSCIMError(t, admin.get(scimAPI+"Users?filter="+url.QueryEscape(filter)), http.StatusBadRequest, "invalidFilter")
	}
}

func TestSCIM_attributes(t *testing.T) {
	w, admin := start(t, emulator.Options{})
	w.SetNames(emulator.UserPrincipal(emulator.User), "Ana", "ext-1")
	id := text(list(admin.ok("GET", scimAPI+"Users?filter="+url.QueryEscape(`userName eq "ana@example.com"`), nil).json, "Resources")[0], "id")
	keys := func(query string) string {
		var found []string
		for key := range admin.ok("GET", scimAPI+"Users/"+id+query, nil).json {
			found = append(found, key)
		}
		slices.Sort(found)
		return strings.Join(found, " ")
	}
	for query, want := range map[string]string{
		"":                                      "active displayName emails entitlements externalId groups id schemas userName",
		"?attributes=userName,ACTIVE":           "active id userName",
		"?attributes=emails.value":              "emails id",
		"?excludedAttributes=entitlements,id":   "active displayName emails externalId groups id schemas userName",
		"?attributes=id&excludedAttributes=xyz": "id",
	} {
		if got := keys(query); got != want {
			t.Errorf("%q selects %q, want %q", query, got, want)
		}
	}
	wantSCIMError(t, admin.get(scimAPI+"Users/1"), http.StatusNotFound, "")
	wantSCIMError(t, admin.get(scimAPI+"Groups/"+id), http.StatusNotFound, "")
}

func TestSCIM_order(t *testing.T) {
	_, admin := start(t, emulator.Options{})
	for query, want := range map[string]string{
		"sortBy=displayName":                      "admins data-science ml-platform risk users",
		"sortBy=DISPLAYNAME&sortOrder=descending": "users risk ml-platform data-science admins",
		"sortBy=displayName&startIndex=2&count=2": "data-science ml-platform",
		"sortBy=displayName&sortOrder=ascending":  "admins data-science ml-platform risk users",
	} {
		if got := names(admin.ok("GET", scimAPI+"Groups?"+query, nil), "displayName"); got != want {
			t.Errorf("%s lists %q, want %q", query, got, want)
		}
	}
	wantSCIMError(t, admin.get(scimAPI+"Groups?sortBy=members"), http.StatusBadRequest, "invalidPath")
}

// members returns the members of a group as "DISPLAY $REF TYPE", without the IDs.
func members(group object) []string {
	var all []string
	for _, m := range list(group, "members") {
		collection, id, _ := strings.Cut(text(m, "$ref"), "/")
		if id != text(m, "value") {
			collection = "another ID"
		}
		all = append(all, strings.TrimSpace(text(m, "display")+" "+collection+" "+text(m, "type")))
	}
	return all
}

func TestSCIM_groups(t *testing.T) {
	for types, want := range map[bool][]string{
		false: {"risk Groups", "Ana Users", "deployer ServicePrincipals"},
		true:  {"risk Groups Group", "Ana Users User", "deployer ServicePrincipals ServicePrincipal"},
	} {
		w, admin := start(t, emulator.Options{SCIM: emulator.SCIMOptions{MemberTypes: types}})
		for _, p := range []emulator.Principal{emulator.UserPrincipal(emulator.User),
			emulator.ServicePrincipalPrincipal(emulator.ServicePrincipal), emulator.GroupPrincipal("risk")} {
			w.AddToGroups(p, "ml-platform", "ml-platform")
		}
		w.SetNames(emulator.GroupPrincipal("ml-platform"), "", "ext-9")
		w.AddAccountGroup("everyone")
		all := admin.ok("GET", scimAPI+"Groups", nil)
		platform := byDisplay(t, all, "ml-platform")
		if got := members(platform); !slices.Equal(got, want) || text(platform, "externalId") != "ext-9" ||
			text(child(platform, "meta"), "resourceType") != "WorkspaceGroup" {
			t.Errorf("group: got %v, with the members %q, want %q", platform, got, want)
		}
		risk, everyone := byDisplay(t, all, "risk"), byDisplay(t, all, "everyone")
		if groups := list(risk, "groups"); len(groups) != 1 || text(groups[0], "display") != "ml-platform" {
			t.Errorf("nested group: got %v", risk)
		}
		if _, listed := risk["members"]; listed || text(child(everyone, "meta"), "resourceType") != "Group" {
			t.Errorf("groups without members: got %v and %v", risk, everyone)
		}
		w.RemoveFromGroup(emulator.UserPrincipal(emulator.User), "ml-platform")
		if got := members(admin.ok("GET", scimAPI+"Groups/"+text(platform, "id"), nil).json); !slices.Equal(got, []string{want[0], want[2]}) {
			t.Errorf("after leaving: %q", got)
		}
	}
}

func TestSCIM_accountGroups(t *testing.T) {
	for _, hidden := range []bool{false, true} {
		w, admin := start(t, emulator.Options{SCIM: emulator.SCIMOptions{OmitAccountMembersInLists: hidden}})
		w.AddAccountGroup("everyone")
		w.AddToGroups(emulator.UserPrincipal(emulator.User), "everyone", "risk")
		all := admin.ok("GET", scimAPI+"Groups", nil)
		everyone := byDisplay(t, all, "everyone")
		if _, listed := everyone["members"]; listed == hidden || len(members(byDisplay(t, all, "risk"))) != 1 {
			t.Errorf("hidden %t: the list is %s", hidden, all.raw)
		}
		if a := admin.ok("GET", scimAPI+"Groups/"+text(everyone, "id"), nil); len(members(a.json)) != 1 {
			t.Errorf("hidden %t: by ID the group is %s", hidden, a.raw)
		}
	}
}

func TestSCIM_inactive(t *testing.T) {
	for omitted, want := range map[bool]any{false: false, true: nil} {
		w, admin := start(t, emulator.Options{SCIM: emulator.SCIMOptions{OmitInactive: omitted}})
		w.Deactivate(emulator.UserPrincipal(emulator.User))
		w.Deactivate(emulator.ServicePrincipalPrincipal(emulator.ServicePrincipal))
		users := admin.ok("GET", scimAPI+"Users?attributes=active,displayName", nil)
		robot := byDisplay(t, admin.ok("GET", scimAPI+"ServicePrincipals", nil), "deployer")
		if ana := byDisplay(t, users, "Ana"); ana["active"] != want || robot["active"] != want || byDisplay(t, users, "Ben")["active"] != true {
			t.Errorf("omitted %t: the inactive ones are %v and %v", omitted, ana, robot)
		}
	}
}

func TestSCIM_restricted(t *testing.T) {
	for _, restricted := range []bool{false, true} {
		w, admin := start(t, emulator.Options{SCIM: emulator.SCIMOptions{RestrictExternalIDs: restricted, RestrictMembers: restricted}})
		w.AddToGroups(emulator.UserPrincipal(emulator.User), "risk")
		w.SetNames(emulator.GroupPrincipal("risk"), "", "ext-9")
		all := admin.ok("GET", scimAPI+"Groups", nil)
		id, empty := text(byDisplay(t, all, "risk"), "id"), text(byDisplay(t, all, "ml-platform"), "id")
		for token, sees := range map[string]bool{emulator.AdminToken: true, emulator.UserToken: !restricted} {
			who := admin.as(token)
			risk := byDisplay(t, who.ok("GET", scimAPI+"Groups", nil), "risk")
			if _, listed := risk["members"]; listed != sees || text(risk, "externalId") != "ext-9" {
				t.Errorf("%s: listed is %v", token, risk)
			}
			who.ok("GET", scimAPI+"Groups/"+id+"?attributes=displayName", nil)
			for _, attribute := range []string{"externalId", "members"} {
				if !sees { // also of a group without members
					wantSCIMError(t, who.get(scimAPI+"Groups/"+empty+"?attributes=displayName,"+attribute), http.StatusForbidden, "")
				}
				a := who.get(scimAPI + "Groups/" + id + "?attributes=" + attribute)
				if sees && a.json[attribute] == nil {
					t.Errorf("%s reads %s: %d %s", token, attribute, a.status, a.raw)
				}
				if !sees {
					wantSCIMError(t, a, http.StatusForbidden, "")
				}
			}
		}
	}
}

// Deleted principals are not listed, are not in groups, and cannot authenticate, but their grants remain.
func TestSCIM_deleted(t *testing.T) {
	w, admin := start(t, emulator.Options{})
	id := admin.create("/Shared/x")
	ana, risk := emulator.UserPrincipal(emulator.User), emulator.GroupPrincipal("risk")
	w.AddToGroups(ana, "risk")
	w.AddToGroups(risk, "ml-platform")
	w.Grant(id, ana, "CAN_EDIT")
	w.Grant(id, risk, "CAN_READ")
	w.DeletePrincipal(ana)
	if a := admin.ok("GET", scimAPI+"Groups", nil); strings.Contains(admin.ok("GET", scimAPI+"Users", nil).raw, emulator.User) ||
		len(members(byDisplay(t, a, "risk"))) != 0 {
		t.Errorf("a deleted user is listed: %s", a.raw)
	}
	w.DeletePrincipal(risk)
	if a := admin.ok("GET", scimAPI+"Groups", nil); strings.Contains(a.raw, "risk") {
		t.Errorf("a deleted group is listed: %s", a.raw)
	}
	if a := admin.as(emulator.UserToken).get(scimAPI + "Me"); a.status != http.StatusForbidden {
		t.Errorf("a deleted user signs in: %d %s", a.status, a.raw)
	}
	a := admin.ok("GET", permissionsAPI+id, nil)
	if !strings.Contains(a.raw, `"user_name":"ana@example.com"`) || !strings.Contains(a.raw, `"group_name":"risk"`) {
		t.Errorf("the grants were removed: %s", a.raw)
	}
	admin.put(permissionsAPI+id, emulator.User).wantError(t, http.StatusNotFound, "RESOURCE_DOES_NOT_EXIST",
		"UserName(ana@example.com) does not exist")
}

// put sets the list of permissions to CAN_READ for a user.
func (p client) put(path, user string) response {
	p.t.Helper()
	return p.do("PUT", path, object{"access_control_list": []object{{"user_name": user, "permission_level": "CAN_READ"}}})
}

// Nested groups provide access, also in a cycle, as soon as a member joins or leaves.
func TestNestedGroups_access(t *testing.T) {
	w, admin := start(t, emulator.Options{})
	id := admin.create("/x")
	ana, get := admin.as(emulator.UserToken), experimentsAPI+"get?experiment_id="+id
	status := func(want int, when string) {
		t.Helper()
		if a := ana.get(get); a.status != want {
			t.Errorf("%s: %d %s", when, a.status, a.raw)
		}
	}
	w.Grant(id, emulator.GroupPrincipal("ml-platform"), "CAN_READ")
	w.AddToGroups(emulator.UserPrincipal(emulator.User), "data-science")
	status(http.StatusForbidden, "in another group")
	w.AddToGroups(emulator.GroupPrincipal("data-science"), "risk")
	w.AddToGroups(emulator.GroupPrincipal("risk"), "ml-platform")
	w.AddToGroups(emulator.GroupPrincipal("ml-platform"), "data-science") // a cycle
	status(http.StatusOK, "in a group in a group")
	w.RemoveFromGroup(emulator.GroupPrincipal("risk"), "ml-platform")
	status(http.StatusForbidden, "no longer")
	w.AddToGroups(emulator.GroupPrincipal("data-science"), "admins")
	status(http.StatusOK, "an admin by a nested group")
}
