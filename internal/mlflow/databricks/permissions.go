package databricks

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// aclStore is the Permissions API for one kind of objects. API: permissions/{experiments,directories}/{id}.
type aclStore struct {
	client *mlflow.Client
	// route is the kind of the objects in the path, objectType that in responses, and want that in errors.
	route, objectType, want string
}

// accessControl is the Permissions API for experiments.
type accessControl struct{ aclStore }

func newAccessControl(c *mlflow.Client) accessControl {
	return accessControl{aclStore{c, "experiments", "mlflowExperiment", "an experiment"}}
}

// wirePrincipal has the name of a principal in one of three fields. A service principal that is sent as user_name is returned as
// service_principal_name.
type wirePrincipal struct {
	UserName             string `json:"user_name,omitempty"`
	GroupName            string `json:"group_name,omitempty"`
	ServicePrincipalName string `json:"service_principal_name,omitempty"`
}

func (w wirePrincipal) principal() mlflow.Principal {
	switch {
	case w.GroupName != "":
		return mlflow.Principal{Kind: mlflow.KindGroup, Name: w.GroupName}
	case w.ServicePrincipalName != "":
		return mlflow.Principal{Kind: mlflow.KindServicePrincipal, Name: w.ServicePrincipalName}
	default:
		return mlflow.Principal{Kind: mlflow.KindUser, Name: w.UserName}
	}
}

type wireGrant struct {
	wirePrincipal
	Level string `json:"permission_level"`
}

type wireACL struct {
	ObjectID   string `json:"object_id"`
	ObjectType string `json:"object_type"`
	Entries    []struct {
		wirePrincipal
		DisplayName    string `json:"display_name"`
		AllPermissions []struct {
			Level         string   `json:"permission_level"`
			Inherited     bool     `json:"inherited"`
			InheritedFrom []string `json:"inherited_from_object"`
		} `json:"all_permissions"`
	} `json:"access_control_list"`
}

// aclResponse is the access control list of one object.
type aclResponse struct {
	wireACL

	store aclStore
	id    string
}

// Validate implements [rest.Response]. It accepts the list of another kind of object, for which objectError returns an
// [mlflow.ObjectError].
func (a *aclResponse) Validate(bool) error {
	if a.ObjectID == "" || a.ObjectType == "" {
		return errors.New("it contains no object_id and object_type of an access control list")
	}
	if a.ObjectType != a.store.objectType {
		return nil
	}
	if got := a.ObjectID[strings.LastIndex(a.ObjectID, "/")+1:]; got != a.id {
		return rest.CheckSame("object", a.id, got)
	}
	for _, e := range a.Entries {
		if e.principal().Name == "" {
			return errors.New("it contains an entry without a user, group, or service principal")
		}
	}
	return nil
}

// levelsResponse lists the permission levels of an object.
type levelsResponse struct {
	Levels []mlflow.LevelInfo `json:"permission_levels"`
}

// Validate implements [rest.Response].
func (a *levelsResponse) Validate(bool) error {
	if len(a.Levels) == 0 {
		return errors.New("it contains no permission_levels")
	}
	return nil
}

// Get implements [mlflow.ACLStore].
func (a aclStore) Get(ctx context.Context, id string) (mlflow.ACL, error) {
	out := aclResponse{store: a, id: id}
	err := a.client.Do(ctx, rest.Call{
		Method: http.MethodGet, Path: a.path(id), Out: &out, Group: rest.GroupPermissionReads,
	})
	if err != nil {
		return mlflow.ACL{}, err
	}
	return out.acl(), out.objectError()
}

// GetListed implements [mlflow.AccessControl].
func (a accessControl) GetListed(ctx context.Context, id string) (mlflow.ACL, error) {
	return a.Get(ctx, id)
}

// AccessContext implements [mlflow.AccessControl]. On Databricks, only the lists determine access.
func (a accessControl) AccessContext(context.Context, []string) (mlflow.AccessContext, error) {
	return mlflow.AccessContext{}, nil
}

// Set implements [mlflow.ACLStore] by PUT, which replaces all direct entries.
func (a aclStore) Set(ctx context.Context, id string, grants []mlflow.Grant) (mlflow.ACL, error) {
	return a.write(ctx, http.MethodPut, id, grants)
}

// Level implements [mlflow.AccessControl].
func (a accessControl) Level(ctx context.Context, id string, p mlflow.Principal) (mlflow.DirectGrant, error) {
	acl, err := a.Get(ctx, id)
	if err != nil {
		return mlflow.DirectGrant{}, err
	}
	for _, e := range acl.Entries {
		if a.client.PrincipalKey(e.Principal) == a.client.PrincipalKey(p) {
			level, _ := e.Direct()
			return mlflow.DirectGrant{Level: level}, nil
		}
	}
	return mlflow.DirectGrant{}, nil
}

// Grant implements [mlflow.AccessControl] by PATCH, which does not change other grants.
func (a accessControl) Grant(ctx context.Context, id string, g mlflow.Grant) (time.Time, error) {
	_, err := a.write(ctx, http.MethodPatch, id, []mlflow.Grant{g})
	return time.Time{}, err
}

// Revoke implements [mlflow.AccessControl]. PATCH cannot revoke, so it reads the list and writes it without the principal. This would
// undo a change by another client in between.
func (a accessControl) Revoke(ctx context.Context, id string, p mlflow.Principal) error {
	before, err := a.Get(ctx, id)
	if err != nil {
		return err
	}
	others, found := a.directExcept(before, p)
	if !found {
		return nil
	}
	after, err := a.Set(ctx, id, others)
	if err != nil {
		return err
	}
	if _, still := a.directExcept(after, p); still {
		return &mlflow.StillGrantedError{Principal: p}
	}
	return nil
}

// Leftover implements [mlflow.AccessControl]. IDs are not reused.
func (a accessControl) Leftover(context.Context, string) ([]mlflow.Grant, error) { return nil, nil }

// Levels implements [mlflow.AccessControl].
func (a accessControl) Levels(ctx context.Context, id string) ([]mlflow.LevelInfo, error) {
	var out levelsResponse
	err := a.client.Do(ctx, rest.Call{
		Method: http.MethodGet, Path: a.path(id) + "/permissionLevels", Out: &out, Group: rest.GroupPermissionReads,
	})
	return out.Levels, err
}

func toWire(p mlflow.Principal) wirePrincipal {
	switch p.Kind {
	case mlflow.KindGroup:
		return wirePrincipal{GroupName: p.Name}
	case mlflow.KindServicePrincipal:
		return wirePrincipal{ServicePrincipalName: p.Name}
	default:
		return wirePrincipal{UserName: p.Name}
	}
}

func (w wireACL) acl() mlflow.ACL {
	acl := mlflow.ACL{Admins: admins}
	for _, e := range w.Entries {
		entry := mlflow.ACLEntry{Principal: e.principal(), DisplayName: e.DisplayName}
		for _, p := range e.AllPermissions {
			entry.Permissions = append(entry.Permissions, mlflow.Permission(p))
		}
		acl.Entries = append(acl.Entries, entry)
	}
	return acl
}

func (a aclStore) path(id string) string {
	return "/api/2.0/permissions/" + a.route + "/" + url.PathEscape(id)
}

// objectError returns an error for the list of another kind of object.
func (a *aclResponse) objectError() error {
	if a.ObjectType == a.store.objectType {
		return nil
	}
	return &mlflow.ObjectError{Type: a.ObjectType, Want: a.store.want}
}

// directExcept returns the direct grants of all other principals, and reports whether the principal has one.
func (a accessControl) directExcept(acl mlflow.ACL, p mlflow.Principal) (others []mlflow.Grant, found bool) {
	for _, e := range acl.Entries {
		level, direct := e.Direct()
		switch {
		case !direct:
		case a.client.PrincipalKey(e.Principal) == a.client.PrincipalKey(p):
			found = true
		default:
			others = append(others, mlflow.Grant{Principal: e.Principal, Level: level})
		}
	}
	return others, found
}

func (a aclStore) write(ctx context.Context, method, id string, grants []mlflow.Grant) (mlflow.ACL, error) {
	list := make([]wireGrant, 0, len(grants))
	for _, g := range grants {
		list = append(list, wireGrant{wirePrincipal: toWire(g.Principal), Level: g.Level})
	}
	out := aclResponse{store: a, id: id}
	err := a.client.Do(ctx, rest.Call{
		Method: method, Path: a.path(id), Body: map[string]any{"access_control_list": list},
		Out: &out, Group: rest.GroupPermissionWrites,
	})
	if err != nil {
		return mlflow.ACL{}, asMissingPrincipal(err)
	}
	if err := out.objectError(); err != nil {
		return mlflow.ACL{}, err
	}
	acl := out.acl()
	for _, g := range grants {
		if err := a.checkGranted(acl, g); err != nil {
			return acl, err
		}
	}
	return acl, nil
}

// checkGranted returns an error if a list does not contain a grant that was just written. If the server ignores the case of groups, or
// maps a principal to another one, it lists a name that the next read would treat as another principal.
func (a aclStore) checkGranted(acl mlflow.ACL, g mlflow.Grant) error {
	lost := &mlflow.NotGrantedError{Grant: g}
	for _, e := range acl.Entries {
		level, direct := e.Direct()
		switch {
		case !direct:
		case a.client.PrincipalKey(e.Principal) == a.client.PrincipalKey(g.Principal):
			lost.Listed, lost.Level = e.Principal, level
			if level == g.Level {
				return nil
			}
		case lost.Level == "" && strings.EqualFold(e.Principal.Name, g.Principal.Name):
			lost.Listed = e.Principal
		}
	}
	return lost
}

// missingPrincipalText matches a name with all its parentheses, and the first of several names.
var missingPrincipalText = regexp.MustCompile(`(UserName|GroupName|ServicePrincipalName)\((.*?)\) does not exist`)

// asMissingPrincipal returns a [mlflow.MissingPrincipalError] if the message of the server is about a principal that does not exist, or
// else err.
func asMissingPrincipal(err error) error {
	e, ok := errors.AsType[*rest.APIError](err)
	if !ok {
		return err
	}
	m := missingPrincipalText.FindStringSubmatch(e.Message)
	if m == nil {
		return err
	}
	kind := map[string]mlflow.PrincipalKind{
		"UserName": mlflow.KindUser, "GroupName": mlflow.KindGroup, "ServicePrincipalName": mlflow.KindServicePrincipal,
	}[m[1]]
	return &mlflow.MissingPrincipalError{Principal: mlflow.Principal{Kind: kind, Name: m[2]}, Err: err}
}
