package databricks

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// Names are the name rules of Databricks. Paths have a prefix and a trailing slash that mean nothing. Users and service principals share
// one name space and ignore case, since a service principal that was written as user_name is returned as service_principal_name; groups
// compare exactly.
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
		return fmt.Errorf("%q is in a Git folder, where Databricks does not allow experiments. Use a path outside, such as \"/Shared%s\"",
			name, n[strings.LastIndex(n, "/"):])
	}
	return nil
}

// checkSpelling rejects a path that the server would take for another one, which [Names.NormalizeName] does not: one with a second slash, also at its
// end, one with the prefix /Workspace twice, and one with an element that is "." or "..".
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

// uuid is the shape of a service principal's application id, which is its user name.
var uuid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// IsApplicationID reports whether a principal's name has the shape of a service principal's application id.
func IsApplicationID(name string) bool { return uuid.MatchString(name) }

// IsEmail reports whether a principal's name has the shape of an email address, by which Databricks names users.
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
