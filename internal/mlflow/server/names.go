package server

import (
	"fmt"
	"path"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// Names implements [mlflow.NameRules] for an MLflow server: all names are free text and are compared exactly, including case.
type Names struct{}

// NormalizeName implements [mlflow.NameRules].
func (Names) NormalizeName(name string) string { return name }

// PrincipalKey implements [mlflow.NameRules].
func (Names) PrincipalKey(p mlflow.Principal) mlflow.PrincipalKey { return mlflow.PrincipalKey(p) }

// Limits of an MLflow server, in characters. On older servers, which return an error, the maximum of values is 5,000. API:
// set-experiment-tag, experiments/create.
const (
	maxName     = 500
	maxTagKey   = 250
	maxTagValue = 20000
)

// CheckName implements [mlflow.Backend].
func (*Backend) CheckName(name string) error {
	if n := utf8.RuneCountInString(name); n > maxName {
		return fmt.Errorf("the name is %d characters long, but the maximum on an MLflow server is %d", n, maxName)
	}
	return nil
}

// tagKey matches the keys that set-experiment-tag accepts. Create accepts all keys, so another key could be created, but not changed.
var tagKey = regexp.MustCompile(`^[/\p{L}\p{N}_.\- :]+$`)

// CheckTag implements [mlflow.Backend].
func (*Backend) CheckTag(t mlflow.Tag) error {
	switch n := utf8.RuneCountInString(t.Key); {
	case n > maxTagKey:
		return fmt.Errorf("the key is %d characters long, but the maximum on an MLflow server is %d", n, maxTagKey)
	case !tagKey.MatchString(t.Key):
		return fmt.Errorf("the key %q has characters that an MLflow server rejects. Letters, digits, spaces, and / _ - . : are allowed", t.Key)
	case path.Clean(t.Key) != t.Key || strings.HasPrefix(t.Key, "/") || t.Key == "." || strings.HasPrefix(t.Key, ".."):
		return fmt.Errorf("the key %q is not a plain path. Remove leading, trailing, and double slashes, and the elements . and ..", t.Key)
	}
	if n := utf8.RuneCountInString(t.Value); n > maxTagValue {
		return fmt.Errorf("the value is %d characters long, but the maximum on an MLflow server is %d", n, maxTagValue)
	}
	return nil
}
