package mlflow

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// databricksACL is the Permissions API for experiments. API: permissions/experiments/{id}.
type databricksACL struct{ client *Client }

// wirePrincipal names a principal in one of three fields. A service principal that was sent as user_name comes back as
// service_principal_name.
type wirePrincipal struct {
	UserName             string `json:"user_name,omitempty"`
	GroupName            string `json:"group_name,omitempty"`
	ServicePrincipalName string `json:"service_principal_name,omitempty"`
}

func toWire(p Principal) wirePrincipal {
	switch p.Kind {
	case KindGroup:
		return wirePrincipal{GroupName: p.Name}
	case KindServicePrincipal:
		return wirePrincipal{ServicePrincipalName: p.Name}
	default:
		return wirePrincipal{UserName: p.Name}
	}
}

func (w wirePrincipal) principal() Principal {
	switch {
	case w.GroupName != "":
		return Principal{Kind: KindGroup, Name: w.GroupName}
	case w.ServicePrincipalName != "":
		return Principal{Kind: KindServicePrincipal, Name: w.ServicePrincipalName}
	default:
		return Principal{Kind: KindUser, Name: w.UserName}
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

// aclAnswer is the access control list of one experiment.
type aclAnswer struct {
	wireACL

	id string
}

// experimentObject is what the Permissions API calls an experiment that has an access control list of its own.
const experimentObject = "mlflowExperiment"

// usable implements [answer]. The list of another kind of object is passed on: [ACL.ObjectError] explains it.
func (a *aclAnswer) usable(bool) error {
	if a.ObjectID == "" || a.ObjectType == "" {
		return errors.New("it contains no object_id and object_type of an access control list")
	}
	if a.ObjectType != experimentObject {
		return nil
	}
	if got := a.ObjectID[strings.LastIndex(a.ObjectID, "/")+1:]; got != a.id {
		return checkSame("experiment", a.id, got)
	}
	for _, e := range a.Entries {
		if e.principal().Name == "" {
			return errors.New("it contains an entry without a user, group, or service principal")
		}
	}
	return nil
}

func (w wireACL) acl() ACL {
	acl := ACL{Admins: databricksAdmins}
	for _, e := range w.Entries {
		entry := ACLEntry{Principal: e.principal(), DisplayName: e.DisplayName}
		for _, p := range e.AllPermissions {
			entry.Permissions = append(entry.Permissions, Permission(p))
		}
		acl.Entries = append(acl.Entries, entry)
	}
	return acl
}

func permissionsPath(id string) string {
	return "/api/2.0/permissions/experiments/" + url.PathEscape(id)
}

func (a databricksACL) Get(ctx context.Context, id string) (ACL, error) {
	out := aclAnswer{id: id}
	err := a.client.do(ctx, call{
		method: http.MethodGet, path: permissionsPath(id), out: &out, group: GroupPermissionReads,
	})
	if err != nil {
		return ACL{}, err
	}
	return out.acl(), out.objectError()
}

// objectError refuses the list of something else than an experiment.
func (w wireACL) objectError() error {
	if w.ObjectType == experimentObject {
		return nil
	}
	return &ObjectError{Type: w.ObjectType}
}

// GetListed implements [AccessControl].
func (a databricksACL) GetListed(ctx context.Context, id string) (ACL, error) { return a.Get(ctx, id) }

// Background implements [AccessControl]: on Databricks the lists tell everything, but who is in the groups.
func (a databricksACL) Background(context.Context, []string) (Background, error) {
	return Background{}, nil
}

// Set implements [AccessControl] by PUT, which replaces all direct entries.
func (a databricksACL) Set(ctx context.Context, id string, grants []Grant) (ACL, error) {
	return a.write(ctx, http.MethodPut, id, grants)
}

// Level implements [AccessControl].
func (a databricksACL) Level(ctx context.Context, id string, p Principal) (Holding, error) {
	acl, err := a.Get(ctx, id)
	if err != nil {
		return Holding{}, err
	}
	for _, e := range acl.Entries {
		if a.client.PrincipalKey(e.Principal) == a.client.PrincipalKey(p) {
			level, _ := e.Direct()
			return Holding{Level: level}, nil
		}
	}
	return Holding{}, nil
}

// Grant implements [AccessControl] by PATCH, which leaves the other grants alone.
func (a databricksACL) Grant(ctx context.Context, id string, g Grant) (time.Time, error) {
	_, err := a.write(ctx, http.MethodPatch, id, []Grant{g})
	return time.Time{}, err
}

// Revoke implements [AccessControl]. PATCH can't remove, so the list is read, and written without the principal. Somebody else's
// change in between would be undone, so what the server answers is checked.
func (a databricksACL) Revoke(ctx context.Context, id string, p Principal) error {
	before, err := a.Get(ctx, id)
	if err != nil {
		return err
	}
	rest, found := a.directExcept(before, p)
	if !found {
		return nil
	}
	after, err := a.Set(ctx, id, rest)
	if err != nil {
		return err
	}
	if _, still := a.directExcept(after, p); still {
		return &StillGrantedError{Principal: p}
	}
	return nil
}

// directExcept lists the direct grants of all others, and reports whether the principal holds one.
func (a databricksACL) directExcept(acl ACL, p Principal) (rest []Grant, found bool) {
	for _, e := range acl.Entries {
		level, direct := e.Direct()
		switch {
		case !direct:
		case a.client.PrincipalKey(e.Principal) == a.client.PrincipalKey(p):
			found = true
		default:
			rest = append(rest, Grant{Principal: e.Principal, Level: level})
		}
	}
	return rest, found
}

func (a databricksACL) write(ctx context.Context, method, id string, grants []Grant) (ACL, error) {
	list := make([]wireGrant, 0, len(grants))
	for _, g := range grants {
		list = append(list, wireGrant{wirePrincipal: toWire(g.Principal), Level: g.Level})
	}
	out := aclAnswer{id: id}
	err := a.client.do(ctx, call{
		method: method, path: permissionsPath(id), body: map[string]any{"access_control_list": list},
		out: &out, group: GroupPermissionWrites,
	})
	if err != nil {
		return ACL{}, withMissingPrincipal(err)
	}
	if err := out.objectError(); err != nil {
		return ACL{}, err
	}
	acl := out.acl()
	for _, g := range grants {
		if err := a.checkGranted(acl, g); err != nil {
			return acl, err
		}
	}
	return acl, nil
}

// checkGranted checks that a list contains a grant that was just written. A server that matches groups in any case, or maps a principal to
// another one, lists it under a name that the next read would take for somebody else's grant.
func (a databricksACL) checkGranted(acl ACL, g Grant) error {
	lost := &NotGrantedError{Grant: g}
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

// NotGrantedError means that the server accepted a grant, but does not list it.
type NotGrantedError struct {
	Grant Grant
	// Listed is the principal that the server lists instead, in another spelling; zero if there is none.
	Listed Principal
	// Level is what the server lists for the principal, "" if it does not list the principal itself.
	Level string
}

// Error implements error.
func (e *NotGrantedError) Error() string {
	switch {
	case e.Level != "":
		return fmt.Sprintf("the server accepted %s for %q, but lists %s", e.Grant.Level, e.Grant.Principal.Name, e.Level)
	case e.Listed.Name != "":
		return fmt.Sprintf("the server lists the grant of %q as %q. Use that spelling", e.Grant.Principal.Name, e.Listed.Name)
	default:
		return fmt.Sprintf("the server accepted the grant of %s to %q, but does not list it", e.Grant.Level, e.Grant.Principal.Name)
	}
}

// Leftover implements [AccessControl]: IDs are never used again.
func (a databricksACL) Leftover(context.Context, string) ([]Grant, error) { return nil, nil }

// Levels implements [AccessControl].
func (a databricksACL) Levels(ctx context.Context, id string) ([]LevelInfo, error) {
	var out levelsAnswer
	err := a.client.do(ctx, call{
		method: http.MethodGet, path: permissionsPath(id) + "/permissionLevels", out: &out, group: GroupPermissionReads,
	})
	return out.Levels, err
}

// levelsAnswer lists the permission levels of an object.
type levelsAnswer struct {
	Levels []LevelInfo `json:"permission_levels"`
}

// usable implements [answer].
func (a *levelsAnswer) usable(bool) error {
	if len(a.Levels) == 0 {
		return errors.New("it contains no permission_levels")
	}
	return nil
}

// missingPrincipal takes a name with all its parentheses, and the first name of several.
var missingPrincipal = regexp.MustCompile(`(UserName|GroupName|ServicePrincipalName)\((.*?)\) does not exist`)

// withMissingPrincipal tells an unknown principal by the server's words.
func withMissingPrincipal(err error) error {
	e, ok := asAPIError(err)
	if !ok {
		return err
	}
	m := missingPrincipal.FindStringSubmatch(e.Message)
	if m == nil {
		return err
	}
	kind := map[string]PrincipalKind{
		"UserName": KindUser, "GroupName": KindGroup, "ServicePrincipalName": KindServicePrincipal,
	}[m[1]]
	return &MissingPrincipalError{Principal: Principal{Kind: kind, Name: m[2]}, Err: err}
}
