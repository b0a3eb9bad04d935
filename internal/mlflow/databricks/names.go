package databricks

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// Names implements [mlflow.NameRules] for Databricks. The prefix /Workspace and a trailing slash of paths are insignificant. Users and
// service principals share one namespace and ignore case, because a service principal that is sent as user_name is returned as
// service_principal_name. Groups are compared exactly.
type Names struct{}

// CheckName implements [mlflow.Backend].
func (b Backend) CheckName(name string) error {
	n := b.NormalizeName(name)
	switch {
	case !strings.HasPrefix(n, "/"):
		return fmt.Errorf("%q is not an absolute workspace path. On Databricks, the name of an experiment is its path, such as "+
			"\"/Shared/%s\" or \"/Users/you@example.com/%s\"", name, n, n)
	case n == "/", n == "/Workspace":
		return fmt.Errorf("%q is a folder. Add a name for the experiment, such as \"/Shared/churn\"", name)
	case checkSpelling(name) != nil:
		return checkSpelling(name)
	case inRepos(n):
		return fmt.Errorf(
			"%q is in a Git folder, where Databricks does not allow experiments. Use a path outside Git folders, such as \"/Shared%s\"",
			name,
			n[strings.LastIndex(n, "/"):],
		)
	}
	return nil
}

// checkSpelling returns an error for a path that the server treats as another one, but [Names.NormalizeName] does not: one with a double
// slash, with the prefix /Workspace twice, or with an element "." or "..".
func checkSpelling(path string) error {
	n := Names{}.NormalizeName(path)
	switch {
	case strings.Contains(path, "//"):
		return fmt.Errorf("%q has an empty path element. Write a single slash", path)
	case strings.HasPrefix(n, "/Workspace/"):
		return fmt.Errorf("%q has the prefix /Workspace twice. Write it once, or omit it", path)
	case rest.HasDotSegment(n):
		return fmt.Errorf("%q has a path element that is \".\" or \"..\". Write the path without it", path)
	}
	return nil
}

// ReposPath is the folder of the Git folders of all users.
const ReposPath = "/Repos"

// inRepos reports whether a normalized path is that of [ReposPath] or of an object in it.
func inRepos(path string) bool { return path == ReposPath || strings.HasPrefix(path, ReposPath+"/") }

// uuid matches the application ID of a service principal.
var uuid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// IsApplicationID reports whether the name of a principal has the format of the application ID of a service principal.
func IsApplicationID(name string) bool { return uuid.MatchString(name) }

// IsEmail reports whether the name of a principal has the format of an email, the name of users on Databricks.
func IsEmail(name string) bool { return email.MatchString(name) }

var email = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s.]+$`)

// NormalizeName implements [mlflow.NameRules].
func (Names) NormalizeName(name string) string {
	if inner, ok := strings.CutPrefix(name, "/Workspace/"); ok {
		name = "/" + inner
	}
	if len(name) > 1 {
		name = strings.TrimSuffix(name, "/")
	}
	return name
}

// PrincipalKey implements [mlflow.NameRules].
func (Names) PrincipalKey(p mlflow.Principal) mlflow.PrincipalKey {
	if p.Kind == mlflow.KindGroup {
		return mlflow.PrincipalKey(p)
	}
	return mlflow.PrincipalKey{Kind: mlflow.KindUser, Name: strings.ToLower(p.Name)}
}
