package mlflow

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/time/rate"
)

// Databricks is the MLflow that a Databricks workspace hosts.
type Databricks struct{ databricksNames }

// Limits of tags on Databricks, in bytes. API: set-experiment-tag.
const (
	maxDatabricksTagKey   = 250
	maxDatabricksTagValue = 64 << 10
)

// Name implements [Backend].
func (Databricks) Name() string { return "Databricks" }

// kind implements [Backend].
func (Databricks) kind() string { return KindDatabricks }

func (b Databricks) checkName(name string) error {
	n := b.NormalizeName(name)
	switch {
	case !strings.HasPrefix(n, "/"):
		return fmt.Errorf("%q is not an absolute workspace path. On Databricks an experiment's name is one, such as "+
			"\"/Shared/%s\" or \"/Users/you@example.com/%s\"", name, n, n)
	case n == "/", n == "/Workspace":
		return fmt.Errorf("%q is a folder. Add a name for the experiment, such as \"/Shared/churn\"", name)
	case strings.Contains(n, "//"):
		return fmt.Errorf("%q has an empty path element. Write a single slash", name)
	case hasDotSegment(n):
		return fmt.Errorf("%q has a path element that is \".\" or \"..\". Write the path without it", name)
	case n == "/Repos" || strings.HasPrefix(n, "/Repos/"):
		return fmt.Errorf("%q lies in a Git folder, where Databricks allows no experiments. Use a path outside, such as \"/Shared%s\"",
			name, n[strings.LastIndex(n, "/"):])
	}
	return nil
}

// hasDotSegment reports whether a path has an element that stands for another one.
func hasDotSegment(p string) bool {
	return slices.ContainsFunc(strings.Split(p, "/"), func(segment string) bool { return segment == "." || segment == ".." })
}

func (Databricks) checkTag(t Tag) error {
	if len(t.Key) > maxDatabricksTagKey {
		return fmt.Errorf("the key is %d bytes long; Databricks takes %d at most", len(t.Key), maxDatabricksTagKey)
	}
	if len(t.Value) > maxDatabricksTagValue {
		return fmt.Errorf("the value is %d bytes long; Databricks takes %d at most", len(t.Value), maxDatabricksTagValue)
	}
	return nil
}

func (Databricks) checkArtifactLocation(location string) error {
	return checkAbsoluteLocation(location)
}

// scheme is that of an artifact URI; a single letter is a Windows drive.
var scheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]+:`)

// checkAbsoluteLocation refuses relative paths: the server resolves them against its own working directory, and answers with
// something else than what was declared.
func checkAbsoluteLocation(location string) error {
	switch {
	case !scheme.MatchString(location) && !strings.HasPrefix(location, "/"):
		return fmt.Errorf("%q is a relative path, which would be resolved on the server. Write an absolute URI, such as \"dbfs:/…\", \"s3://bucket/…\", "+
			"\"abfss://…\" or \"gs://…\"", location)
	case strings.Contains(location, "#"):
		return fmt.Errorf("%q has a fragment (#…), which MLflow refuses. Leave it out", location)
	}
	return nil
}

func (Databricks) experimentURL(e Endpoint, id string) string {
	u := strings.TrimSuffix(e.BaseURL.String(), "/") + "/ml/experiments/" + url.PathEscape(id)
	if e.WorkspaceID != "" {
		u += "?w=" + url.QueryEscape(e.WorkspaceID)
	}
	return u
}

func (Databricks) activeWorkspace() string { return "" }

func (Databricks) reusesIDs() bool { return false }

// deletedKeepName: deleting moves the experiment to its owner's Trash folder.
func (Databricks) deletedKeepName() bool { return false }

// createParents calls mkdirs, which makes all missing folders and succeeds when nothing is missing.
// Errors: [IsAlreadyExists] when something that is no folder is in the way. API: POST workspace/mkdirs.
func (Databricks) createParents(ctx context.Context, c *Client, name string) error {
	parent := path.Dir(name)
	if parent == "/" {
		return nil
	}
	err := c.do(ctx, call{
		method: http.MethodPost, path: "/api/2.0/workspace/mkdirs", body: map[string]string{"path": parent}, group: GroupOther,
	})
	if !IsAlreadyExists(err) {
		return err
	}
	// Somebody else may have made the same folder at the same moment.
	if at, lookErr := c.WorkspaceStatus(ctx, parent); lookErr == nil && at.Type == "DIRECTORY" {
		return nil
	}
	return err
}

// uuid is the shape of a service principal's application id, which is its user name.
var uuid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// IsApplicationID reports whether a principal's name has the shape of a service principal's application id.
func IsApplicationID(name string) bool { return uuid.MatchString(name) }

// IsEmail reports whether a principal's name has the shape of an email address, by which Databricks names users.
func IsEmail(name string) bool { return email.MatchString(name) }

var email = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s.]+$`)

// scimMe is the caller as SCIM describes it.
type scimMe struct {
	ID          string `json:"id"`
	UserName    string `json:"userName"`
	DisplayName string `json:"displayName"`
	Groups      []struct {
		Display string `json:"display"`
	} `json:"groups"`
}

// usable implements [answer].
func (m *scimMe) usable(bool) error {
	if m.UserName == "" {
		return errors.New("it contains no userName")
	}
	return nil
}

// currentCaller asks SCIM. Entitlements are left out: they are expensive on the server.
// API: GET preview/scim/v2/Me.
func (Databricks) currentCaller(ctx context.Context, c *Client) (Caller, error) {
	var me scimMe
	err := c.do(ctx, call{
		method: http.MethodGet, path: "/api/2.0/preview/scim/v2/Me",
		query: url.Values{"excludedAttributes": {"entitlements"}}, out: &me, group: GroupOther,
	})
	if err != nil {
		return Caller{}, err
	}
	caller := Caller{
		Principal: Principal{Kind: KindUser, Name: me.UserName}, ID: me.ID, DisplayName: me.DisplayName, Home: "/Users/" + me.UserName,
	}
	if IsApplicationID(me.UserName) {
		caller.Principal.Kind = KindServicePrincipal
	}
	for _, g := range me.Groups {
		caller.Groups = append(caller.Groups, g.Display)
	}
	return caller, nil
}

// ownedByCaller implements [Backend], by the tags that the server sets: the owner's ID, and a name, which of a service principal may be the
// application ID or the display name.
func (Databricks) ownedByCaller(ctx context.Context, c *Client, e Experiment) (bool, error) {
	caller, err := c.Caller(ctx)
	if err != nil {
		return false, err
	}
	id, _ := e.Tag(tagOwnerID)
	name, _ := e.Tag(TagOwnerEmail)
	return id != "" && id == caller.ID || name != "" && strings.EqualFold(name, caller.Principal.Name), nil
}

// rate gives the documented limits, in requests a second for a workspace.
func (Databricks) rate(g Group) rate.Limit {
	switch g {
	case GroupPermissionReads:
		return 100
	case GroupPermissionWrites:
		return 30
	case GroupSearch, GroupExperimentWrites:
		return 7
	default:
		return 120
	}
}

func (Databricks) accessControl(c *Client) AccessControl { return databricksACL{c} }

func (Databricks) grantable() []string { return []string{LevelRead, LevelEdit, LevelManage} }

func (Databricks) checkPrincipal(p Principal) error {
	if p == databricksAdmins {
		return errors.New("workspace admins hold CAN_MANAGE on every experiment, and nobody can take it from them. Leave \"admins\" out")
	}
	return nil
}

// databricksAdmins are the workspace's administrators. They hold CAN_MANAGE on everything, and the server lets nobody lower that.
var databricksAdmins = Principal{Kind: KindGroup, Name: "admins"}

func (Databricks) principalAdvice(p Principal) string {
	switch p.Kind {
	case KindGroup:
		return fmt.Sprintf("Check the spelling of group %q, upper and lower case included. A group of the account must be assigned to the workspace first.", p.Name)
	case KindServicePrincipal:
		return fmt.Sprintf("Check that %q is the application id of the service principal, not its display name, and that it is assigned to the workspace.", p.Name)
	default:
		return fmt.Sprintf("Check the address %q, and that the user is assigned to the workspace. A service principal is named by application id, "+
			"as a service principal.", p.Name)
	}
}

func (Databricks) accessAdvice() string {
	return "Reading and changing permissions needs CAN_MANAGE on the experiment. Ask somebody who has it, or a workspace admin, to grant it to you, or run " +
		"Terraform as somebody who has it."
}
