package mlflow

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
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

func (w wireACL) acl() ACL {
	acl := ACL{ObjectType: w.ObjectType, Admins: databricksAdmins}
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
	var out wireACL
	err := a.client.do(ctx, call{
		method: http.MethodGet, path: permissionsPath(id), out: &out, group: GroupPermissionReads,
	})
	return out.acl(), err
}

// GetListed implements [AccessControl].
func (a databricksACL) GetListed(ctx context.Context, id string) (ACL, error) { return a.Get(ctx, id) }

// Background implements [AccessControl]: on Databricks the lists tell everything, but who is in the groups.
func (a databricksACL) Background(context.Context, []string) (Background, error) {
	return Background{}, nil
}

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
		if e.Principal.sameAs(p) {
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
	rest, found := directExcept(before, p)
	if !found {
		return nil
	}
	after, err := a.Set(ctx, id, rest)
	if err != nil {
		return err
	}
	if _, still := directExcept(after, p); still {
		return fmt.Errorf("the server still lists %s after it was removed", p.Name)
	}
	return nil
}

// directExcept lists the direct grants of all others, and tells whether the principal holds one.
func directExcept(acl ACL, p Principal) (rest []Grant, found bool) {
	for _, e := range acl.Entries {
		level, direct := e.Direct()
		switch {
		case !direct:
		case e.Principal.sameAs(p):
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
	var out wireACL
	err := a.client.do(ctx, call{
		method: method, path: permissionsPath(id), body: map[string]any{"access_control_list": list},
		out: &out, group: GroupPermissionWrites,
	})
	return out.acl(), withMissingPrincipal(err)
}

func (a databricksACL) Levels(ctx context.Context, id string) ([]LevelInfo, error) {
	var out struct {
		Levels []LevelInfo `json:"permission_levels"`
	}
	err := a.client.do(ctx, call{
		method: http.MethodGet, path: permissionsPath(id) + "/permissionLevels", out: &out, group: GroupPermissionReads,
	})
	return out.Levels, err
}

var missingPrincipal = regexp.MustCompile(`(UserName|GroupName|ServicePrincipalName)\(([^)]*)\) does not exist`)

// withMissingPrincipal tells an unknown principal by the server's words.
func withMissingPrincipal(err error) error {
	e, ok := apiErrorOf(err)
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
