// Package scim serves the SCIM routes of an emulated workspace: the current user, and users, groups, and service principals, in lists and
// one by one.
package scim

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/directory"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/wire"
)

// Options change the responses where they are not documented or differ between workspaces.
type Options struct {
	// PageSize is the maximum number of resources on a page, even if a request sets a larger count. 0 means no limit.
	PageSize int
	// MemberTypes adds the type to each member of a group: User, Group, or ServicePrincipal. Without it, only $ref contains the type.
	MemberTypes bool
	// OmitInactive omits the attribute active of inactive users and service principals, which is false otherwise.
	OmitInactive bool
	// OmitAccountMembersInLists omits members of account groups in lists. Reads by ID contain them.
	OmitAccountMembersInLists bool
	// RestrictExternalIDs rejects a read by ID that includes externalId, except for admins.
	RestrictExternalIDs bool
	// RestrictMembers omits members of groups in lists, and rejects a read of a group by ID that includes them, except for admins.
	RestrictMembers bool
}

// Routes serves the accounts of a directory.
type Routes struct {
	Directory *directory.Directory
	Options   Options
}

// kinds are the kinds of accounts by the last part of the path of their list.
var kinds = map[string]string{
	"Users": directory.KindUser, "Groups": directory.KindGroup, "ServicePrincipals": directory.KindServicePrincipal,
}

// collectionOf is the reverse of kinds.
func collectionOf(kind string) string {
	for collection, k := range kinds {
		if k == kind {
			return collection
		}
	}
	return ""
}

// Collections returns the last parts of the paths of the lists: Groups, ServicePrincipals, Users.
func Collections() []string { return slices.Sorted(maps.Keys(kinds)) }

// Me serves the account of the caller. A service principal has its application ID as user name.
func (s Routes) Me(c *wire.Call) (any, error) {
	me := s.resource(c.Caller, nil)
	delete(me, "applicationId")
	me["userName"] = c.Caller.Name
	return selected(me, c.URL.Query()), nil
}

// List serves the accounts of one collection, with an optional filter and order, and pages that are counted from 1.
func (s Routes) List(collection string) wire.Handler {
	return func(c *wire.Call) (any, error) {
		query := c.URL.Query()
		matches, err := parseFilter(query.Get("filter"))
		if err != nil {
			return nil, err
		}
		start, count, err := page(query)
		if err != nil {
			return nil, err
		}
		members := s.Directory.Members()
		found := []resource{}
		for _, a := range s.Directory.List(kinds[collection]) {
			r := s.resource(a, members[a])
			if !matches(r) {
				continue
			}
			if s.hidesMembers(c) || s.Options.OmitAccountMembersInLists && a.OfAccount {
				delete(r, "members")
			}
			found = append(found, r)
		}
		if err := order(found, query); err != nil {
			return nil, err
		}
		total := len(found)
		found = found[min(start-1, total):]
		found = found[:min(s.pageSize(count, total), len(found))]
		return listed(found, query, start, total), nil
	}
}

// pageSize returns the maximum number of resources on a page. count is -1 if the request does not set it.
func (s Routes) pageSize(count, total int) int {
	size := total
	if count >= 0 {
		size = count
	}
	if s.Options.PageSize > 0 {
		size = min(size, s.Options.PageSize)
	}
	return size
}

// listed returns the response to a list request. An empty page, for example after the last one, has no Resources.
func listed(found []resource, query url.Values, start, total int) map[string]any {
	answer := map[string]any{
		"schemas":      []string{"urn:ietf:params:scim:api:messages:2.0:ListResponse"},
		"totalResults": total, "startIndex": start, "itemsPerPage": len(found),
	}
	if len(found) == 0 {
		return answer
	}
	shown := make([]resource, 0, len(found))
	for _, r := range found {
		shown = append(shown, selected(r, query))
	}
	answer["Resources"] = shown
	return answer
}

// Get serves one account of a collection by ID.
func (s Routes) Get(collection string) wire.Handler {
	return func(c *wire.Call) (any, error) {
		id := c.PathValue("id")
		accounts := s.Directory.List(kinds[collection])
		i := slices.IndexFunc(accounts, func(a *directory.Account) bool { return a.ID == id })
		if i < 0 {
			return nil, failure(http.StatusNotFound, "", singular(collection)+" with id "+id+" not found.")
		}
		query := c.URL.Query()
		if isSelected("externalId", query) && s.Options.RestrictExternalIDs && !s.isAdmin(c.Caller) {
			return nil, failure(http.StatusForbidden, "", "Only workspace admins can read the attribute externalId.")
		}
		if kinds[collection] == directory.KindGroup && isSelected("members", query) && s.hidesMembers(c) {
			return nil, failure(http.StatusForbidden, "", "Only workspace admins can read the members of a group.")
		}
		return selected(s.resource(accounts[i], s.Directory.Members()[accounts[i]]), query), nil
	}
}

// hidesMembers reports whether the caller may not see who is in which group.
func (s Routes) hidesMembers(c *wire.Call) bool {
	return s.Options.RestrictMembers && !s.isAdmin(c.Caller)
}

func (s Routes) isAdmin(a *directory.Account) bool {
	return slices.Contains(s.Directory.GroupsOf(a), directory.Group(directory.AdminsGroup))
}

// page reads startIndex, at least 1, and count, which is -1 if it is absent.
func page(query url.Values) (start, count int, err error) {
	numbers := map[string]int{"startIndex": 1, "count": -1}
	for name := range numbers {
		text := query.Get(name)
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			return 0, 0, failure(http.StatusBadRequest, "invalidValue", "Invalid value '"+text+"' for parameter '"+name+"' supplied.")
		}
		numbers[name] = max(n, 0)
	}
	return max(numbers["startIndex"], 1), numbers["count"], nil
}

// failure is an error in the shape of SCIM, in which the status is text.
func failure(status int, scimType, detail string) error {
	body := map[string]any{
		"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:Error"}, "detail": detail, "status": strconv.Itoa(status),
	}
	if scimType != "" {
		body["scimType"] = scimType
	}
	return &wire.Error{Status: status, Body: body}
}
