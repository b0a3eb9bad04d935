package emulator_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

func TestTokens(t *testing.T) {
	_, admin := start(t, emulator.Options{})
	cases := []struct {
		fact, token string
		status      int
		code        any // JSON numbers are float64
	}{
		{"no token", "", http.StatusUnauthorized, 401.0},
		{"a bad token: the code is a number", "made-up", http.StatusForbidden, 403.0},
		{"a good token", emulator.UserToken, http.StatusOK, nil},
	}
	for _, c := range cases {
		t.Run(c.fact, func(t *testing.T) {
			a := admin.as(c.token).get(scimAPI + "Me")
			if a.status != c.status || a.json["error_code"] != c.code {
				t.Errorf("%d %s", a.status, a.raw)
			}
		})
	}
}

func TestTokensOfOptions(t *testing.T) {
	_, admin := start(t, emulator.Options{Tokens: map[string]string{"new": "carol@example.com",
		"robot": "00000000-0000-0000-0000-000000000001"}})
	if a := admin.get(scimAPI + "Me"); a.status != http.StatusForbidden {
		t.Errorf("a default token still works: %s", a.raw)
	}
	admin.as("new").create("/Users/carol@example.com/x")
	if a := admin.as("robot").ok("GET", scimAPI+"ServicePrincipals", nil); !strings.Contains(a.raw, "00000000-0000-0000-0000-000000000001") {
		t.Errorf("not a service principal: %s", a.raw)
	}
}

func TestMe(t *testing.T) {
	w, admin := start(t, emulator.Options{})
	w.AddUser(emulator.User, "science")
	cases := []struct {
		token, userName string
		groups          []string
	}{
		{emulator.AdminToken, emulator.Admin, []string{"users", "admins"}},
		{emulator.UserToken, emulator.User, []string{"users", "science"}},
		{emulator.ServicePrincipalToken, emulator.ServicePrincipal, []string{"users"}},
	}
	for _, c := range cases {
		t.Run(c.userName, func(t *testing.T) {
			a := admin.as(c.token).ok("GET", scimAPI+"Me?excludedAttributes=entitlements", nil)
			var groups []string
			for _, g := range list(a.json, "groups") {
				if text(g, "value") == "" {
					t.Error("a group without its id")
				}
				groups = append(groups, text(g, "display"))
			}
			if a.json["userName"] != c.userName || text(a.json, "id") == "" || text(a.json, "displayName") == "" || !slices.Equal(groups, c.groups) {
				t.Errorf("Me: got %s", a.raw)
			}
			if _, ok := a.json["entitlements"]; ok {
				t.Error("entitlements are not excluded")
			}
		})
	}
	if a := admin.get(scimAPI + "Me"); a.json["entitlements"] == nil {
		t.Error("entitlements are missing")
	}
}

func TestDirectoryLookUp(t *testing.T) {
	w, admin := start(t, emulator.Options{})
	w.AddServicePrincipal("00000000-0000-0000-0000-000000000001", "reader")
	w.AddGroup("science")
	cases := []struct {
		fact, path, filter, want string
	}{
		{"a user, in any case", "Users", `userName eq "ANA@example.com"`, emulator.User},
		{"an unknown user", "Users", `userName eq "none"`, ""},
		{"a group", "Groups", `displayName eq "science"`, "science"},
		{"a service principal by display name", "ServicePrincipals", `displayName eq "reader"`, "00000000-0000-0000-0000-000000000001"},
		{"a service principal by application id", "ServicePrincipals", `applicationId eq "00000000-0000-0000-0000-000000000001"`, "reader"},
	}
	for _, c := range cases {
		t.Run(c.fact, func(t *testing.T) {
			a := admin.ok("GET", scimAPI+c.path+"?filter="+url.QueryEscape(c.filter), nil)
			wantTotal := 1.0
			if c.want == "" {
				wantTotal = 0
			}
			if a.json["totalResults"] != wantTotal || !strings.Contains(a.raw, c.want) {
				t.Errorf("%s", a.raw)
			}
		})
	}
	t.Run("pages from 1", func(t *testing.T) {
		a := admin.ok("GET", scimAPI+"Users?startIndex=2&count=1", nil)
		if a.json["totalResults"] != 3.0 || a.json["itemsPerPage"] != 1.0 || a.json["startIndex"] != 2.0 ||
			!strings.Contains(a.raw, emulator.User) {
			t.Errorf("%s", a.raw)
		}
	})
	t.Run("errors in the form of SCIM", func(t *testing.T) {
		a := admin.get(scimAPI + "Users?filter=" + url.QueryEscape(`userName gt "ana"`))
		if a.status != 400 || a.json["detail"] == nil || a.json["status"] != "400" || a.json["error_code"] != nil {
			t.Errorf("%d %s", a.status, a.raw)
		}
	})
}

func TestHeaders(t *testing.T) {
	now := newClock()
	_, admin := start(t, emulator.Options{Now: now.Now})
	good, bad := admin.get(scimAPI+"Me"), admin.get("/none")
	for _, a := range []response{good, bad} {
		if a.header.Get("X-Databricks-Org-Id") != emulator.WorkspaceID || a.header.Get("Content-Type") != "application/json" {
			t.Errorf("headers: got %v", a.header)
		}
		if got := a.header.Get("Date"); got != now.now.UTC().Format(http.TimeFormat) {
			t.Errorf("Date: got %s, want the workspace's time", got)
		}
	}
	if id := bad.header.Get("X-Request-Id"); id == "" || id == good.header.Get("X-Request-Id") || !strings.Contains(bad.raw, id) {
		t.Errorf("X-Request-Id: got %q, of the call before %q; body %s", id, good.header.Get("X-Request-Id"), bad.raw)
	}
}

func TestRequestsForAnotherWorkspace(t *testing.T) {
	_, admin := start(t, emulator.Options{})
	a := admin.do("GET", scimAPI+"Me", nil, "X-Databricks-Workspace-Id", "42")
	if a.status != 200 || !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") || !strings.Contains(a.raw, "Sign in") {
		t.Errorf("another workspace: %d %s", a.status, a.raw)
	}
	if a := admin.do("GET", scimAPI+"Me", nil, "X-Databricks-Workspace-Id", emulator.WorkspaceID); a.json["userName"] != emulator.Admin {
		t.Errorf("our workspace: %d %s", a.status, a.raw)
	}
}

func TestDiscovery(t *testing.T) {
	_, admin := start(t, emulator.Options{})
	nobody := admin.as("")
	a := nobody.ok("GET", "/.well-known/databricks-config", nil)
	if a.json["workspace_id"] != emulator.WorkspaceID || a.json["oidc_endpoint"] != admin.base+"/oidc" {
		t.Errorf("host metadata: got %s", a.raw)
	}
	a = nobody.ok("GET", "/oidc/.well-known/oauth-authorization-server", nil)
	if a.json["token_endpoint"] != admin.base+"/oidc/v1/token" {
		t.Errorf("OAuth metadata: got %s", a.raw)
	}
	_, other := start(t, emulator.Options{NoHostMetadata: true})
	if a := other.as("").get("/.well-known/databricks-config"); a.status != http.StatusNotFound {
		t.Errorf("host metadata with NoHostMetadata: %d %s", a.status, a.raw)
	}
}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

func TestIssuedTokens(t *testing.T) {
	jwt := "e30." + base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"`+emulator.User+`"}`)) + ".signature"
	exchange := url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:token-exchange"}, "subject_token": {jwt}}
	cases := []struct {
		fact   string
		form   url.Values
		header []string
		want   string // owner of the token; empty if rejected
		err    string
	}{
		{"a client by its Basic header", url.Values{"grant_type": {"client_credentials"}},
			[]string{"Authorization", basic(emulator.ServicePrincipal, emulator.ServicePrincipalSecret)}, emulator.ServicePrincipal, ""},
		{"a client in the form", url.Values{"grant_type": {"client_credentials"}, "client_id": {emulator.ServicePrincipal},
			"client_secret": {emulator.ServicePrincipalSecret}}, nil, emulator.ServicePrincipal, ""},
		{"a wrong secret", url.Values{"grant_type": {"client_credentials"}},
			[]string{"Authorization", basic(emulator.ServicePrincipal, "wrong")}, "", "invalid_client"},
		{"an unknown client", url.Values{"grant_type": {"client_credentials"}},
			[]string{"Authorization", basic("unknown", emulator.ServicePrincipalSecret)}, "", "invalid_client"},
		{"a federated token of a user", exchange, nil, emulator.User, ""},
		{"a federated token for a client", url.Values{"grant_type": exchange["grant_type"], "subject_token": {jwt},
			"client_id": {emulator.ServicePrincipal}}, nil, emulator.ServicePrincipal, ""},
		{"a subject token that is no JWT", url.Values{"grant_type": exchange["grant_type"], "subject_token": {"text"}}, nil, "",
			"invalid_request"},
		{"another grant", url.Values{"grant_type": {"password"}}, nil, "", "unsupported_grant_type"},
	}
	for _, c := range cases {
		t.Run(c.fact, func(t *testing.T) {
			_, admin := start(t, emulator.Options{})
			a, err := admin.as("").send("POST", "/oidc/v1/token", c.form.Encode(),
				append(c.header, "Content-Type", "application/x-www-form-urlencoded")...)
			if err != nil {
				t.Fatal(err)
			}
			if c.err != "" {
				if a.status < 400 || a.json["error"] != c.err {
					t.Errorf("%d %s, want %s", a.status, a.raw, c.err)
				}
				return
			}
			if a.json["token_type"] != "Bearer" || a.json["expires_in"] != 3600.0 {
				t.Errorf("%d %s", a.status, a.raw)
			}
			if me := admin.as(text(a.json, "access_token")).ok("GET", scimAPI+"Me", nil); me.json["userName"] != c.want {
				t.Errorf("the token is %v's, want %s's", me.json["userName"], c.want)
			}
		})
	}
}

func TestIssuedTokensExpire(t *testing.T) {
	now := newClock()
	_, admin := start(t, emulator.Options{Now: now.Now})
	a, err := admin.as("").send("POST", "/oidc/v1/token", "grant_type=client_credentials", "Authorization",
		basic(emulator.ServicePrincipal, emulator.ServicePrincipalSecret))
	if err != nil {
		t.Fatal(err)
	}
	robot := admin.as(text(a.json, "access_token"))
	now.now = now.now.Add(time.Hour - time.Second)
	robot.ok("GET", scimAPI+"Me", nil)
	now.now = now.now.Add(time.Second)
	if a := robot.get(scimAPI + "Me"); a.status != http.StatusForbidden {
		t.Errorf("after an hour: %d %s", a.status, a.raw)
	}
}
