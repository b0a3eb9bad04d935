package mlflow

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
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
	acl := ACL{ObjectType: w.ObjectType}
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

func (a databricksACL) Set(ctx context.Context, id string, grants []Grant) (ACL, error) {
	return a.write(ctx, http.MethodPut, id, grants)
}

func (a databricksACL) Update(ctx context.Context, id string, grants []Grant) (ACL, error) {
	return a.write(ctx, http.MethodPatch, id, grants)
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
	return out.acl(), err
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

// MissingPrincipal tells which principal of a Set or Update the server does not know; ok is false when that was not the error.
func MissingPrincipal(err error) (p Principal, ok bool) {
	e, isAPI := apiErrorOf(err)
	if !isAPI {
		return Principal{}, false
	}
	m := missingPrincipal.FindStringSubmatch(e.Message)
	if m == nil {
		return Principal{}, false
	}
	kind := map[string]PrincipalKind{
		"UserName": KindUser, "GroupName": KindGroup, "ServicePrincipalName": KindServicePrincipal,
	}[m[1]]
	return Principal{Kind: kind, Name: m[2]}, true
}
