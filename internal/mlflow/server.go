package mlflow

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/time/rate"
)

// Server is an open-source MLflow tracking server. It must not be copied.
type Server struct {
	serverNames

	// Username is the configured user name, "" without basic authentication.
	Username string
	// Workspace is the configured workspace, "" for the server's default.
	Workspace string

	permissions shared[permissionAPI]
	grants      shared[*serverGrants]
	// leftovers are the grants as they were when they were first needed in a run, not refreshed by changes: see [AccessControl.Leftover].
	leftovers shared[*serverGrants]
}

// activeWorkspace implements [Backend].
func (s *Server) activeWorkspace() string { return cmp.Or(s.Workspace, DefaultWorkspace) }

func (*Server) reusesIDs() bool { return true }

// grantsChanged makes the next reader of grants read them again.
func (s *Server) grantsChanged() { s.grants.forget() }

// Limits of an MLflow server, in characters. Values end at 5,000 on older servers, which say so themselves. API: set-experiment-tag,
// experiments/create.
const (
	maxServerName     = 500
	maxServerTagKey   = 250
	maxServerTagValue = 20000
)

// Name implements [Backend].
func (*Server) Name() string { return "the MLflow server" }

// kind implements [Backend].
func (*Server) kind() string { return KindServer }

func (*Server) checkName(name string) error {
	if n := utf8.RuneCountInString(name); n > maxServerName {
		return fmt.Errorf("the name is %d characters long; an MLflow server takes %d at most", n, maxServerName)
	}
	return nil
}

// serverTagKey is what set-experiment-tag takes. Create checks nothing, so a key outside could be created and never changed.
var serverTagKey = regexp.MustCompile(`^[/\p{L}\p{N}_.\- :]+$`)

func (*Server) checkTag(t Tag) error {
	switch n := utf8.RuneCountInString(t.Key); {
	case n > maxServerTagKey:
		return fmt.Errorf("the key is %d characters long; an MLflow server takes %d at most", n, maxServerTagKey)
	case !serverTagKey.MatchString(t.Key):
		return fmt.Errorf("the key %q has characters that an MLflow server refuses. Letters, digits, spaces and / _ - . : are allowed", t.Key)
	case path.Clean(t.Key) != t.Key || strings.HasPrefix(t.Key, "/") || t.Key == "." || strings.HasPrefix(t.Key, ".."):
		return fmt.Errorf("the key %q is not a plain path. Leave out leading, trailing and double slashes and the elements . and ..", t.Key)
	}
	if n := utf8.RuneCountInString(t.Value); n > maxServerTagValue {
		return fmt.Errorf("the value is %d characters long; an MLflow server takes %d at most", n, maxServerTagValue)
	}
	return nil
}

func (*Server) checkArtifactLocation(location string) error { return checkAbsoluteLocation(location) }

func (*Server) experimentURL(e Endpoint, id string) string {
	return strings.TrimSuffix(e.BaseURL.String(), "/") + "/#/experiments/" + url.PathEscape(id)
}

func (*Server) deletedKeepName() bool { return true }

// createParents has nothing to do: names are free text.
func (*Server) createParents(context.Context, *Client, string) error { return nil }

// currentCaller asks the server, or where it can't tell goes by the configured user name.
func (s *Server) currentCaller(ctx context.Context, c *Client) (Caller, error) {
	api, err := serverAccess{c, s}.api(ctx)
	if err != nil {
		return Caller{}, err
	}
	if legacy, ok := api.(*legacyAPI); ok {
		return legacy.caller(ctx, s.Username)
	}
	return rbacCaller(ctx, c, s.activeWorkspace())
}

// ownedByCaller implements [Backend]: experiments have no owner.
func (*Server) ownedByCaller(context.Context, *Client, Experiment) (bool, error) { return true, nil }

// rate: the server limits nothing itself; this holds for a proxy that does.
func (*Server) rate(Group) rate.Limit { return 50 }

func (s *Server) accessControl(c *Client) AccessControl { return serverAccess{c, s} }

// grantable lists the levels of every version: USE comes with MLflow 3, NO_PERMISSIONS ends with 3.12, and DENY comes with 3.17.
func (*Server) grantable() []string {
	return []string{LevelDeny, LevelNone, LevelRead, LevelUse, LevelEdit, LevelManage}
}

func (*Server) checkPrincipal(p Principal) error {
	if p.Kind == KindServicePrincipal {
		return errors.New("an MLflow server has no service principals. Make a user for the machine, and grant to that user")
	}
	return nil
}

func (*Server) principalAdvice(p Principal) string {
	if p.Kind == KindGroup {
		return fmt.Sprintf("Check the spelling of role %q, upper and lower case included. An admin of the server must make the role first.", p.Name)
	}
	return fmt.Sprintf("Check the user name %q, upper and lower case included. The user must sign up, or an admin must make the account, first.", p.Name)
}

func (*Server) accessAdvice() string {
	return "Changing what a user may do needs CAN_MANAGE on the experiment; changing what a role may do needs an admin of the server, or a manager of the " +
		"workspace. Run Terraform as somebody who is one."
}
