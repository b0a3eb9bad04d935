package scim

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/directory"
)

// resource is the JSON of one account. Its keys are the attributes that attributes and excludedAttributes select.
type resource map[string]any

// resource describes an account, and the members of a group. Empty values are left out.
func (s Routes) resource(a *directory.Account, members []*directory.Account) resource {
	r := resource{"id": a.ID, "displayName": a.DisplayName}
	if a.ExternalID != "" {
		r["externalId"] = a.ExternalID
	}
	var groups []any
	for _, g := range a.Groups {
		in := s.Directory.LookUp(g)
		groups = append(groups, map[string]any{"display": in.Name, "value": in.ID, "$ref": reference(in), "type": "direct"})
	}
	if groups != nil {
		r["groups"] = groups
	}
	switch a.Kind {
	case directory.KindUser:
		r["schemas"] = []string{"urn:ietf:params:scim:schemas:core:2.0:User"}
		r["userName"] = a.Name
		r["emails"] = []any{map[string]any{"value": a.Name, "type": "work", "primary": true}}
	case directory.KindServicePrincipal:
		r["schemas"] = []string{"urn:ietf:params:scim:schemas:core:2.0:ServicePrincipal"}
		r["applicationId"] = a.Name
	case directory.KindGroup:
		s.describeGroup(r, a, members)
		return r
	}
	r["entitlements"] = []any{map[string]any{"value": "workspace-access"}}
	if !a.Inactive || !s.Options.OmitInactive {
		r["active"] = !a.Inactive
	}
	return r
}

// describeGroup adds the attributes of groups.
func (s Routes) describeGroup(r resource, a *directory.Account, members []*directory.Account) {
	r["schemas"] = []string{"urn:ietf:params:scim:schemas:core:2.0:Group"}
	r["meta"] = map[string]any{"resourceType": "WorkspaceGroup"}
	if a.OfAccount {
		r["meta"] = map[string]any{"resourceType": "Group"}
	}
	var list []any
	for _, m := range members {
		member := map[string]any{"display": m.DisplayName, "value": m.ID, "$ref": reference(m)}
		if s.Options.MemberTypes {
			member["type"] = singular(collectionOf(m.Kind))
		}
		list = append(list, member)
	}
	if list != nil {
		r["members"] = list
	}
}

// reference is how $ref names an account: by its collection and ID.
func reference(a *directory.Account) string { return collectionOf(a.Kind) + "/" + a.ID }

// singular returns the kind of the resources of a collection, for example User.
func singular(collection string) string { return strings.TrimSuffix(collection, "s") }

// selected returns the attributes that a request selects: those of attributes, else all but those of excludedAttributes. The ID is always
// among them.
func selected(r resource, query url.Values) resource {
	shown := resource{}
	for key, value := range r {
		if isSelected(key, query) {
			shown[key] = value
		}
	}
	return shown
}

func isSelected(attribute string, query url.Values) bool {
	asked, excluded := names(query.Get("attributes")), names(query.Get("excludedAttributes"))
	if asked != nil {
		return attribute == "id" || slices.Contains(asked, strings.ToLower(attribute))
	}
	return attribute == "id" || !slices.Contains(excluded, strings.ToLower(attribute))
}

// names splits a list of attributes. A sub-attribute, for example members.value, selects its attribute.
func names(list string) []string {
	if list == "" {
		return nil
	}
	found := []string{}
	for name := range strings.SplitSeq(strings.ToLower(list), ",") {
		name, _, _ = strings.Cut(strings.TrimSpace(name), ".")
		found = append(found, name)
	}
	return found
}

// order sorts a list by the attribute of sortBy. Without one, it stays in the order in which the accounts were added.
func order(list []resource, query url.Values) error {
	by := query.Get("sortBy")
	if by == "" {
		return nil
	}
	attribute, ok := attributeNamed(by)
	if !ok {
		return failure(http.StatusBadRequest, "invalidPath", "Invalid value '"+by+"' for parameter 'sortBy' supplied.")
	}
	direction := 1
	if query.Get("sortOrder") == "descending" {
		direction = -1
	}
	slices.SortStableFunc(list, func(a, b resource) int {
		return direction * cmp.Compare(strings.ToLower(textOf(a[attribute])), strings.ToLower(textOf(b[attribute])))
	})
	return nil
}
