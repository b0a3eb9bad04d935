package mlflowtest

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// Robot is the service principal of the emulated workspace.
var Robot = mlflow.Principal{Kind: mlflow.KindServicePrincipal, Name: emulator.ServicePrincipal}

// User returns a user by name.
func User(name string) mlflow.Principal { return mlflow.Principal{Kind: mlflow.KindUser, Name: name} }

// Group returns a group, or a role of an MLflow server, by name.
func Group(name string) mlflow.Principal { return mlflow.Principal{Kind: mlflow.KindGroup, Name: name} }

// Holdings returns the levels in an access control list, sorted: "KIND NAME" has "LEVEL; LEVEL from ORIGIN", the latter inherited.
func Holdings(acl mlflow.ACL) map[string]string {
	held := map[string]string{}
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
		held[string(e.Principal.Kind)+" "+e.Principal.Name] = strings.Join(levels, "; ")
	}
	return held
}

// ExpectHeld checks an access control list.
func ExpectHeld(t *testing.T, acl mlflow.ACL, want map[string]string) {
	t.Helper()
	if got := Holdings(acl); !reflect.DeepEqual(got, want) {
		t.Errorf("the list holds %v, want %v", got, want)
	}
}

// ExpectError checks that an error contains some texts, or, without texts, that there is none.
func ExpectError(t *testing.T, err error, texts ...string) {
	t.Helper()
	wanted := strings.Join(texts, "")
	if err == nil && wanted != "" {
		t.Errorf("no error, want %q", texts)
	}
	if err != nil && wanted == "" {
		t.Errorf("error %v", err)
	}
	for _, text := range texts {
		if err != nil && !strings.Contains(err.Error(), text) {
			t.Errorf("error %q, want %q in it", err, text)
		}
	}
}
