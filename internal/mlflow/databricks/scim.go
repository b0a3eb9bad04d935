package databricks

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// scimPath is the beginning of the paths of SCIM endpoints.
const scimPath = "/api/2.0/preview/scim/v2/"

// scimPageSize is the number of resources to request per page. The server may return fewer.
const scimPageSize = 1000

// scimKind describes the list of one kind of principals. Requests list the attributes, because a request for all of them is slow.
type scimKind struct{ collection, noun, name, attributes string }

var scimKinds = map[mlflow.PrincipalKind]scimKind{
	mlflow.KindGroup: {"Groups", "groups", "displayName", "id,displayName,externalId,members"},
	mlflow.KindUser:  {"Users", "users", "userName", "id,userName,displayName,active,externalId"},
	mlflow.KindServicePrincipal: {
		"ServicePrincipals", "service principals", "applicationId", "id,applicationId,displayName,active,externalId",
	},
}

// scimResource is a user, a group, or a service principal.
type scimResource struct {
	ID            string `json:"id"`
	UserName      string `json:"userName"`
	ApplicationID string `json:"applicationId"`
	DisplayName   string `json:"displayName"`
	ExternalID    string `json:"externalId"`
	// Active is missing for false.
	Active bool `json:"active"`
	// Members is nil for a group without members, and for one whose members the list does not have.
	Members []scimMember `json:"members"`
}

// scimMember is a direct member of a group. Ref is its path, such as Users/123; Type is usually missing.
type scimMember struct {
	ID      string `json:"value"`
	Display string `json:"display"`
	Ref     string `json:"$ref"`
	Type    string `json:"type"`
}

// principal returns the resource as a principal of a kind.
func (r scimResource) principal(kind mlflow.PrincipalKind) mlflow.Principal {
	name := r.DisplayName
	switch kind {
	case mlflow.KindUser:
		name = r.UserName
	case mlflow.KindServicePrincipal:
		name = r.ApplicationID
	}
	return mlflow.Principal{Kind: kind, Name: name}
}

// kind returns the kind of a member. ok is false if the server does not return it.
func (m scimMember) kind() (kind mlflow.PrincipalKind, ok bool) {
	parts := strings.Split(strings.Trim(m.Ref, "/"), "/")
	collection := m.Type + "s"
	if len(parts) > 1 {
		collection = parts[len(parts)-2]
	}
	for kind, k := range scimKinds {
		if k.collection == collection {
			return kind, true
		}
	}
	return "", false
}

// scimPage is a page of a list.
type scimPage struct {
	Schemas   []string       `json:"schemas"`
	Resources []scimResource `json:"Resources"`
	Total     *rest.Int64    `json:"totalResults"`
	Start     rest.Int64     `json:"startIndex"`

	kind mlflow.PrincipalKind
}

// Validate implements [rest.Response]. The page after the last one has no Resources.
func (p *scimPage) Validate(bool) error {
	if p.Resources == nil && p.Total == nil {
		return errors.New("it contains neither Resources nor totalResults")
	}
	for _, r := range p.Resources {
		if r.ID == "" || r.principal(p.kind).Name == "" {
			return fmt.Errorf("it contains a resource without id or %s", scimKinds[p.kind].name)
		}
	}
	return nil
}

// scimGroup is a group that was read by ID.
type scimGroup struct {
	scimResource

	asked string
}

// Validate implements [rest.Response].
func (g *scimGroup) Validate(bool) error { return rest.CheckSame("group", g.asked, g.ID) }

// scimList has the resources of all pages of a list.
type scimList struct {
	resources []scimResource
	// total is the number of resources that the server reports, 0 if it reports none. stable reports whether all pages have the same total.
	total  int
	stable bool
}

// complete reports whether the list did not change between its pages, so that a principal that is not in it does not exist.
func (l scimList) complete() bool { return l.stable && len(l.resources) >= l.total }

// readSCIM reads a list page by page. The server determines the size of a page. API: GET preview/scim/v2/{Users,Groups,ServicePrincipals}.
func readSCIM(ctx context.Context, c *mlflow.Client, kind mlflow.PrincipalKind) (scimList, error) {
	k := scimKinds[kind]
	list, seen := scimList{stable: true}, map[string]bool{}
	for start, first := 1, true; ; first = false {
		page := scimPage{kind: kind}
		err := c.Do(ctx, rest.Call{
			Method: http.MethodGet, Path: scimPath + k.collection, Out: &page, Group: rest.GroupOther, Page: true,
			Query: url.Values{"attributes": {k.attributes}, "startIndex": {strconv.Itoa(start)}, "count": {strconv.Itoa(scimPageSize)}},
		})
		if err != nil {
			return scimList{}, err
		}
		total := 0
		if page.Total != nil {
			total = int(*page.Total)
		}
		list.stable = list.stable && (first || total == list.total)
		list.total = max(list.total, total)
		before := len(list.resources)
		for _, r := range page.Resources {
			if !seen[r.ID] {
				seen[r.ID] = true
				list.resources = append(list.resources, r)
			}
		}
		if len(page.Resources) > 0 && len(list.resources) == before {
			return scimList{}, fmt.Errorf("listing %s: the page at startIndex %d contains only entries of earlier pages", k.noun, start)
		}
		if page.Start > 0 {
			start = int(page.Start)
		}
		start += len(page.Resources)
		if len(page.Resources) == 0 || total > 0 && start > total {
			return list, nil
		}
	}
}

// readSCIMMembers reads the direct members of one group. API: GET preview/scim/v2/Groups/{id}.
func readSCIMMembers(ctx context.Context, c *mlflow.Client, id string) ([]scimMember, error) {
	out := scimGroup{asked: id}
	err := c.Do(ctx, rest.Call{
		Method: http.MethodGet, Path: scimPath + "Groups/" + url.PathEscape(id), Out: &out, Group: rest.GroupOther, Page: true,
		Query: url.Values{"attributes": {"id,displayName,members"}}, // a non-admin cannot read externalId by ID
	})
	return out.Members, err
}
