package mlflowtest

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// ServicePrincipal is the service principal of the emulated workspace.
var ServicePrincipal = mlflow.Principal{Kind: mlflow.KindServicePrincipal, Name: emulator.ServicePrincipal}

// User returns a user by name.
func User(name string) mlflow.Principal { return mlflow.Principal{Kind: mlflow.KindUser, Name: name} }

// Group returns a group, or a role of an MLflow server, by name.
func Group(name string) mlflow.Principal { return mlflow.Principal{Kind: mlflow.KindGroup, Name: name} }

// Levels returns the levels in an access control list by principal ("KIND NAME"), as in "LEVEL; LEVEL from ORIGIN", the latter inherited.
func Levels(acl mlflow.ACL) map[string]string {
	byPrincipal := map[string]string{}
	for _, e := range acl.Entries {
		var levels []string
		for _, p := range e.Permissions {
			level := p.Level
			if p.Inherited {
				level += " from " + strings.Join(p.InheritedFrom, ", ")
			}
			levels = append(levels, level)
		}
		slices.Sort(levels)
		byPrincipal[string(e.Principal.Kind)+" "+e.Principal.Name] = strings.Join(levels, "; ")
	}
	return byPrincipal
}

// ExpectLevels checks the levels in an access control list, see [Levels].
func ExpectLevels(t *testing.T, acl mlflow.ACL, want map[string]string) {
	t.Helper()
	if got := Levels(acl); !reflect.DeepEqual(got, want) {
		t.Errorf("got the levels %v, want %v", got, want)
	}
}

// ExpectError checks that an error contains all texts. Without texts, it checks that err is nil.
func ExpectError(t *testing.T, err error, texts ...string) {
	t.Helper()
	wanted := strings.Join(texts, "")
	if err == nil && wanted != "" {
		t.Errorf("got no error, want %q", texts)
	}
	if err != nil && wanted == "" {
		t.Errorf("got error %q, want none", err)
	}
	for _, text := range texts {
		if err != nil && !strings.Contains(err.Error(), text) {
			t.Errorf("got error %q, want %q in it", err, text)
		}
	}
}
