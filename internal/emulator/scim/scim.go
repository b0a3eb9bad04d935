// Package scim serves the SCIM routes of an emulated workspace: the current user, and lists of users, groups, and service principals.
package scim

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/directory"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/wire"
)

type reference struct {
	Display string `json:"display,omitempty"`
	Value   string `json:"value"`
	Type    string `json:"type,omitempty"`
}

type resource struct {
	ID            string      `json:"id"`
	UserName      string      `json:"userName,omitempty"`
	ApplicationID string      `json:"applicationId,omitempty"`
	DisplayName   string      `json:"displayName"`
	Active        bool        `json:"active,omitempty"`
	Groups        []reference `json:"groups,omitempty"`
	Entitlements  []reference `json:"entitlements,omitempty"`
}

func newResource(d *directory.Directory, a *directory.Account) resource {
	r := resource{ID: a.ID, DisplayName: a.DisplayName, Active: a.Kind != directory.KindGroup}
	switch a.Kind {
	case directory.KindUser:
		r.UserName = a.Name
	case directory.KindServicePrincipal:
		r.ApplicationID = a.Name
	}
	for _, g := range a.Groups {
		r.Groups = append(r.Groups, reference{g.Name, d.LookUp(g).ID, "direct"})
	}
	return r
}

// Me serves the account of the caller. A service principal has its application ID as user name.
func Me(d *directory.Directory) wire.Handler {
	return func(c *wire.Call) (any, error) {
		me := newResource(d, c.Caller)
		me.UserName, me.ApplicationID = c.Caller.Name, ""
		if !strings.Contains(c.URL.Query().Get("excludedAttributes"), "entitlements") {
			me.Entitlements = []reference{{Value: "workspace-access"}}
		}
		return me, nil
	}
}

// List serves the accounts of one kind, with an optional filter, and pages that are counted from 1.
func List(d *directory.Directory, kind string) wire.Handler {
	return func(c *wire.Call) (any, error) {
		query := c.URL.Query()
		start, err := wire.QueryNumber(query, "startIndex")
		if err != nil {
			return nil, err
		}
		count, err := wire.QueryNumber(query, "count")
		if err != nil {
			return nil, err
		}
		f, err := parseFilter(query.Get("filter"))
		if err != nil {
			return nil, err
		}
		found := []resource{}
		for _, a := range d.List(kind) {
			if r := newResource(d, a); f.matches(r) {
				found = append(found, r)
			}
		}
		total := len(found)
		start = max(start, 1)
		found = found[min(start-1, total):]
		if count > 0 {
			found = found[:min(count, len(found))]
		}
		return map[string]any{
			"schemas":   []string{"urn:ietf:params:scim:api:messages:2.0:ListResponse"},
			"Resources": found, "totalResults": total, "startIndex": start, "itemsPerPage": len(found),
		}, nil
	}
}

// filter compares one attribute; the zero value matches everything.
type filter struct{ attribute, value string }

var comparison = regexp.MustCompile(`(?i)^\s*(userName|displayName|applicationId)\s+eq\s+"([^"]*)"\s*$`)

func parseFilter(text string) (filter, error) {
	if text == "" {
		return filter{}, nil
	}
	m := comparison.FindStringSubmatch(text)
	if m == nil {
		return filter{}, &wire.Error{Status: http.StatusBadRequest, Body: map[string]any{
			"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:Error"},
			"detail":  "Given filter operator is not supported.", "scimType": "invalidFilter", "status": strconv.Itoa(http.StatusBadRequest),
		}}
	}
	return filter{strings.ToLower(m[1]), m[2]}, nil
}

func (f filter) matches(r resource) bool {
	switch f.attribute {
	case "username":
		return strings.EqualFold(r.UserName, f.value)
	case "applicationid":
		return strings.EqualFold(r.ApplicationID, f.value)
	case "displayname":
		return strings.EqualFold(r.DisplayName, f.value)
	}
	return true
}
