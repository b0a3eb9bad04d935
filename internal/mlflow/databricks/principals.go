package databricks

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/loadonce"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// allUsersGroups has the groups of all users of the workspace, and of the account.
var allUsersGroups = []string{"users", "account users"}

// Principals implements [mlflow.Backend]. It reads the lists of groups, users, and service principals in pages, each only if it is needed.
func (Backend) Principals(ctx context.Context, c *mlflow.Client, wanted []mlflow.Principal) (mlflow.Principals, error) {
	d := &directory{client: c, lists: map[mlflow.PrincipalKind]*loadonce.Value[*accounts]{}}
	for kind := range scimKinds {
		d.lists[kind] = &loadonce.Value[*accounts]{}
	}
	return mlflow.ResolvePrincipals(ctx, c, d, wanted)
}

// directory is the users, groups, and service principals of a workspace. It implements [mlflow.PrincipalSource].
type directory struct {
	client *mlflow.Client
	lists  map[mlflow.PrincipalKind]*loadonce.Value[*accounts]
}

// accounts is the list of one kind of principals. refused is set if the caller cannot read it.
type accounts struct {
	list    scimList
	refused *mlflow.IncompleteError
	byID    map[string]mlflow.Principal
	// byKey has one resource, or several groups with the same name.
	byKey map[mlflow.PrincipalKey][]scimResource
}

// read returns the list of a kind. It is read once.
func (d *directory) read(ctx context.Context, kind mlflow.PrincipalKind) (*accounts, error) {
	return d.lists[kind].Get(ctx, func(ctx context.Context) (*accounts, error) {
		list, err := readSCIM(ctx, d.client, kind)
		if rest.IsPermissionDenied(err) {
			reason := fmt.Sprintf("The identity that runs Terraform cannot list the %s of the workspace.", scimKinds[kind].noun)
			return &accounts{refused: &mlflow.IncompleteError{Reason: reason, Err: err}}, nil
		}
		if err != nil {
			return nil, err
		}
		a := &accounts{list: list, byID: map[string]mlflow.Principal{}, byKey: map[mlflow.PrincipalKey][]scimResource{}}
		for _, r := range list.resources {
			p := r.principal(kind)
			a.byID[r.ID] = p
			a.byKey[Names{}.PrincipalKey(p)] = append(a.byKey[Names{}.PrincipalKey(p)], r)
		}
		return a, nil
	})
}

// Find implements [mlflow.PrincipalSource].
func (d *directory) Find(ctx context.Context, p mlflow.Principal) (mlflow.PrincipalStatus, error) {
	kind := p.Kind
	if kind == mlflow.KindUser && IsApplicationID(p.Name) {
		kind = mlflow.KindServicePrincipal
	}
	a, err := d.read(ctx, kind)
	if err != nil {
		return mlflow.PrincipalStatus{}, err
	}
	if a.refused != nil {
		return mlflow.PrincipalStatus{}, a.refused
	}
	found := a.byKey[Names{}.PrincipalKey(p)]
	if len(found) == 0 && !a.list.complete() {
		return mlflow.PrincipalStatus{}, &mlflow.IncompleteError{Reason: fmt.Sprintf("It was not found, but the list of %s is not complete: "+
			"it was changed while it was read, or the server did not return all of it.", scimKinds[kind].noun)}
	}
	if len(found) == 0 {
		return mlflow.PrincipalStatus{}, nil
	}
	r := found[0]
	return mlflow.PrincipalStatus{
		DisplayName: r.DisplayName, ExternalID: r.ExternalID, Exists: true, Active: r.Active || kind == mlflow.KindGroup,
	}, nil
}

// Parallel implements [mlflow.PrincipalSource]. All lookups share the lists.
func (*directory) Parallel(mlflow.PrincipalKind) bool { return true }

// Members implements [mlflow.PrincipalSource].
func (d *directory) Members(ctx context.Context, group mlflow.Principal) ([]mlflow.Principal, error) {
	groups, err := d.read(ctx, mlflow.KindGroup)
	if err != nil {
		return nil, err
	}
	if groups.refused != nil {
		return nil, groups.refused
	}
	var members []mlflow.Principal
	var missing unlisted
	var refused error // for the list that contains a member
	seen := map[mlflow.Principal]bool{}
	for _, g := range groups.byKey[Names{}.PrincipalKey(group)] {
		direct := g.Members
		if direct == nil {
			if direct, err = d.membersByID(ctx, g.ID); err != nil {
				return members, err
			}
		}
		for _, m := range direct {
			p, err := d.memberPrincipal(ctx, m)
			_, cannotList := errors.AsType[*mlflow.IncompleteError](err)
			switch {
			case cannotList:
				refused = err
			case err != nil:
				return nil, err
			case p.Name == "":
				missing = append(missing, m)
			case !seen[p]:
				seen[p] = true
				members = append(members, p)
			}
		}
	}
	return members, cmp.Or(refused, missing.err())
}

// membersByID reads the members of a group that the list returns without members. The result is empty for a group without members.
// A refusal applies to this group only: an identity can be allowed to read some groups.
func (d *directory) membersByID(ctx context.Context, id string) ([]scimMember, error) {
	members, err := readSCIMMembers(ctx, d.client, id)
	if rest.IsPermissionDenied(err) {
		return nil, &mlflow.IncompleteError{Reason: "The identity that runs Terraform cannot read the members of the group.", Err: err}
	}
	if e, refused := rest.AsRefusal(err); refused && e.Status == http.StatusNotFound {
		return nil, &mlflow.IncompleteError{Reason: "It was deleted while it was read.", Err: err}
	}
	return members, err
}

// memberPrincipal returns the principal that a member is. Its name is empty if no list has it. The error is an *[mlflow.IncompleteError]
// if the list that has it cannot be read.
func (d *directory) memberPrincipal(ctx context.Context, m scimMember) (mlflow.Principal, error) {
	kinds := []mlflow.PrincipalKind{mlflow.KindGroup, mlflow.KindUser, mlflow.KindServicePrincipal}
	if kind, ok := m.kind(); ok {
		kinds = []mlflow.PrincipalKind{kind}
	}
	for _, kind := range kinds {
		a, err := d.read(ctx, kind)
		switch {
		case err != nil:
			return mlflow.Principal{}, err
		case a.refused != nil:
			return mlflow.Principal{}, a.refused
		}
		if p, ok := a.byID[m.ID]; ok {
			return p, nil
		}
	}
	return mlflow.Principal{}, nil
}

// ContainsEverybody implements [mlflow.PrincipalSource].
func (*directory) ContainsEverybody(p mlflow.Principal) bool {
	return slices.Contains(allUsersGroups, p.Name)
}

// unlisted has the members of a group that are in none of the lists that the caller can read.
type unlisted []scimMember

// maxUnlistedShown is the maximum number of them in a message.
const maxUnlistedShown = 5

func (u unlisted) err() error {
	if len(u) == 0 {
		return nil
	}
	names := make([]string, 0, len(u))
	for _, m := range u {
		names = append(names, fmt.Sprintf("%q", cmp.Or(m.Display, m.Ref, m.ID)))
	}
	slices.Sort(names)
	if more := len(names) - maxUnlistedShown; more > 0 {
		names = append(names[:maxUnlistedShown], fmt.Sprintf("and %d more", more))
	}
	return &mlflow.IncompleteError{Reason: "Members that are not in the lists of the workspace: " + strings.Join(names, ", ") + "."}
}
