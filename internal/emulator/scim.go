package emulator

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

type scimReference struct {
	Display string `json:"display,omitempty"`
	Value   string `json:"value"`
	Type    string `json:"type,omitempty"`
}

type scimResource struct {
	ID            string          `json:"id"`
	UserName      string          `json:"userName,omitempty"`
	ApplicationID string          `json:"applicationId,omitempty"`
	DisplayName   string          `json:"displayName"`
	Active        bool            `json:"active,omitempty"`
	Groups        []scimReference `json:"groups,omitempty"`
	Entitlements  []scimReference `json:"entitlements,omitempty"`
}

func (w *Workspace) scimResource(a *account) scimResource {
	r := scimResource{ID: a.id, DisplayName: a.displayName, Active: a.Kind != kindGroup}
	switch a.Kind {
	case kindUser:
		r.UserName = a.Name
	case kindServicePrincipal:
		r.ApplicationID = a.Name
	}
	for _, g := range a.groups {
		r.Groups = append(r.Groups, scimReference{g.Name, w.lookUp(g).id, "direct"})
	}
	return r
}

// scimMe tells who the caller is. A service principal has its application id as user name.
func (w *Workspace) scimMe(c *call) (any, error) {
	me := w.scimResource(c.caller)
	me.UserName, me.ApplicationID = c.caller.Name, ""
	if !strings.Contains(c.URL.Query().Get("excludedAttributes"), "entitlements") {
		me.Entitlements = []scimReference{{Value: "workspace-access"}}
	}
	return me, nil
}

var scimFilter = regexp.MustCompile(`(?i)^\s*(userName|displayName|applicationId)\s+eq\s+"([^"]*)"\s*$`)

// scimList serves the look-up of one kind, with an optional filter and paging from 1.
func (w *Workspace) scimList(kind string) func(*call) (any, error) {
	return func(c *call) (any, error) {
		query := c.URL.Query()
		start, err := queryNumber(query, "startIndex")
		if err != nil {
			return nil, err
		}
		count, err := queryNumber(query, "count")
		if err != nil {
			return nil, err
		}
		attribute, value := "", ""
		if filter := query.Get("filter"); filter != "" {
			m := scimFilter.FindStringSubmatch(filter)
			if m == nil {
				return nil, &apiError{http.StatusBadRequest, map[string]any{
					"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:Error"},
					"detail":  "Given filter operator is not supported.", "scimType": "invalidFilter", "status": strconv.Itoa(http.StatusBadRequest),
				}}
			}
			attribute, value = strings.ToLower(m[1]), m[2]
		}
		found := []scimResource{}
		for _, a := range w.accountsOf(kind) {
			if r := w.scimResource(a); r.has(attribute, value) {
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

func (r scimResource) has(attribute, value string) bool {
	switch attribute {
	case "username":
		return strings.EqualFold(r.UserName, value)
	case "applicationid":
		return strings.EqualFold(r.ApplicationID, value)
	case "displayname":
		return strings.EqualFold(r.DisplayName, value)
	}
	return true
}
