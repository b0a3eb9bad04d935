package mlflow_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

func TestACLEntry_Effective(t *testing.T) {
	t.Parallel()
	direct := func(level string) mlflow.Permission { return mlflow.Permission{Level: level} }
	from := func(level, origin string) mlflow.Permission {
		return mlflow.Permission{Level: level, Inherited: true, InheritedFrom: []string{origin}}
	}
	for name, c := range map[string]struct {
		permissions []mlflow.Permission
		want        string
	}{
		"none":                  {nil, ""},
		"run and edit":          {[]mlflow.Permission{direct(mlflow.LevelEdit), from(mlflow.LevelRun, "/directories/1")}, "CAN_EDIT CAN_RUN"},
		"run is more than read": {[]mlflow.Permission{direct(mlflow.LevelRead), from(mlflow.LevelRun, "/directories/1")}, mlflow.LevelRun},
		"run and edit, denied": {[]mlflow.Permission{direct(mlflow.LevelEdit), direct(mlflow.LevelRun), direct(mlflow.LevelDeny)},
			mlflow.LevelDeny},
		"the highest": {[]mlflow.Permission{direct(mlflow.LevelRead), from(mlflow.LevelManage, "/directories/1"),
			direct(mlflow.LevelEdit)}, mlflow.LevelManage},
		"use is more than read": {[]mlflow.Permission{direct(mlflow.LevelUse), from(mlflow.LevelRead, mlflow.FromEveryExperiment)},
			mlflow.LevelUse},
		"use is less than edit": {[]mlflow.Permission{direct(mlflow.LevelUse), from(mlflow.LevelEdit, mlflow.FromEveryExperiment)},
			mlflow.LevelEdit},
		"denied": {[]mlflow.Permission{from(mlflow.LevelManage, mlflow.FromEveryExperiment), direct(mlflow.LevelDeny)},
			mlflow.LevelDeny},
		"denied everywhere": {[]mlflow.Permission{from(mlflow.LevelDeny, mlflow.FromEveryExperiment), direct(mlflow.LevelManage)},
			mlflow.LevelDeny},
		"an admin cannot be denied": {[]mlflow.Permission{direct(mlflow.LevelDeny), from(mlflow.LevelManage, mlflow.FromAdmin)},
			mlflow.LevelManage},
		"a manager of the workspace cannot be denied": {[]mlflow.Permission{direct(mlflow.LevelDeny),
			from(mlflow.LevelManage, mlflow.FromWorkspace)}, mlflow.LevelManage},
		"no permission is lowest": {[]mlflow.Permission{direct(mlflow.LevelNone),
			from(mlflow.LevelRead, mlflow.FromEveryExperiment)}, mlflow.LevelRead},
		"a level that is not known is lowest": {[]mlflow.Permission{direct("CAN_FLY"), from(mlflow.LevelRead, "/directories/1")},
			mlflow.LevelRead},
	} {
		if got := strings.Join((mlflow.ACLEntry{Permissions: c.permissions}).Effective(), " "); got != c.want {
			t.Errorf("%s: effective is %q, want %q", name, got, c.want)
		}
	}
}

func TestACLEntry_directAndInherited(t *testing.T) {
	t.Parallel()
	inherited := mlflow.Permission{Level: mlflow.LevelRun, Inherited: true}
	edit := mlflow.Permission{Level: mlflow.LevelEdit, Inherited: true}
	e := mlflow.ACLEntry{Permissions: []mlflow.Permission{inherited, edit, {Level: mlflow.LevelRead, Inherited: true}}}
	if level, ok := e.Direct(); ok {
		t.Errorf("got direct level %q, want none", level)
	}
	if got := e.Inherited(); !slices.Equal(got, []string{mlflow.LevelEdit, mlflow.LevelRun}) {
		t.Errorf("got inherited levels %q", got)
	}
	e.Permissions = append(e.Permissions, mlflow.Permission{Level: mlflow.LevelRead}, mlflow.Permission{Level: mlflow.LevelRun})
	if level, ok := e.Direct(); !ok || level != mlflow.LevelRun {
		t.Errorf("got direct level %q", level)
	}
}
