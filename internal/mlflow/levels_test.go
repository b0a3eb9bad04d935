package mlflow_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

func TestMeantLevel(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"READ": "CAN_READ", "can_read": "CAN_READ", "Can Read": "CAN_READ", "CAN_VIEW": "CAN_READ",
		"EDIT": "CAN_EDIT", "can_edit": "CAN_EDIT", "can-edit": "CAN_EDIT", "CAN_WRITE": "CAN_EDIT", " CAN_EDIT": "CAN_EDIT",
		"manage": "CAN_MANAGE", "MANAGE": "CAN_MANAGE", "IS_OWNER": "CAN_MANAGE", "CAN_ADMIN": "CAN_MANAGE",
		"RUN": "CAN_RUN", "can_run": "CAN_RUN", "execute": "CAN_RUN", "CAN_EXECUTE": "CAN_RUN",
		"use": "USE", "deny": "DENY", "no_permissions": "NO_PERMISSIONS",
		// correct, or unknown
		"CAN_READ": "", "CAN_EDIT": "", "CAN_MANAGE": "", "USE": "", "DENY": "", "NO_PERMISSIONS": "", "CAN_COMMENT": "", "CAN_RUN": "", "": "",
	} {
		if got := mlflow.SuggestLevel(text); got != want {
			t.Errorf("%q means %q, want %q", text, got, want)
		}
	}
}

// everyLevel contains the known levels, and two unknown ones.
var everyLevel = []string{
	mlflow.LevelRead, mlflow.LevelUse, mlflow.LevelRun, mlflow.LevelEdit, mlflow.LevelManage, mlflow.LevelNone, mlflow.LevelDeny, "CAN_FLY",
	"",
}

func TestIncludesLevel(t *testing.T) {
	t.Parallel()
	for level, want := range map[string][]string{
		"CAN_READ": {"CAN_READ"}, "USE": {"CAN_READ", "USE"}, "CAN_RUN": {"CAN_READ", "CAN_RUN"}, "CAN_EDIT": {"CAN_READ", "USE", "CAN_EDIT"},
		"CAN_MANAGE":     {"CAN_READ", "USE", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"},
		"NO_PERMISSIONS": {"NO_PERMISSIONS"}, "DENY": {"DENY"}, "CAN_FLY": {"CAN_FLY"}, "": {""},
	} {
		var got []string
		for _, other := range everyLevel {
			if mlflow.IncludesLevel(level, other) {
				got = append(got, other)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q includes %q, want %q", level, got, want)
		}
	}
}

// The levels are partially ordered.
func TestIncludesLevel_order(t *testing.T) {
	t.Parallel()
	for _, a := range everyLevel {
		for _, b := range everyLevel {
			if a != b && mlflow.IncludesLevel(a, b) && mlflow.IncludesLevel(b, a) {
				t.Errorf("got that %q and %q include each other, want at most one", a, b)
			}
			for _, c := range everyLevel {
				if mlflow.IncludesLevel(a, b) && mlflow.IncludesLevel(b, c) && !mlflow.IncludesLevel(a, c) {
					t.Errorf("got that %q does not include %[3]q, want true, because it includes %[2]q, which includes %[3]q", a, b, c)
				}
			}
		}
	}
}

func TestHighestLevels(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ levels, want []string }{
		"none":                  {nil, nil},
		"one":                   {[]string{"CAN_READ", "CAN_MANAGE", "CAN_EDIT"}, []string{"CAN_MANAGE"}},
		"edit and run":          {[]string{"CAN_RUN", "CAN_READ", "CAN_EDIT"}, []string{"CAN_EDIT", "CAN_RUN"}},
		"manage above both":     {[]string{"CAN_RUN", "CAN_MANAGE", "CAN_EDIT"}, []string{"CAN_MANAGE"}},
		"repeated":              {[]string{"CAN_EDIT", "CAN_EDIT"}, []string{"CAN_EDIT"}},
		"unknown is lowest":     {[]string{"CAN_FLY", "CAN_READ"}, []string{"CAN_READ"}},
		"nothing is lowest":     {[]string{"NO_PERMISSIONS", "CAN_READ"}, []string{"CAN_READ"}},
		"only unknown ones":     {[]string{"CAN_SWIM", "CAN_FLY", "CAN_FLY"}, []string{"CAN_FLY", "CAN_SWIM"}},
		"no permissions at all": {[]string{"NO_PERMISSIONS"}, []string{"NO_PERMISSIONS"}},
	} {
		given := slices.Clone(c.levels)
		if got := mlflow.HighestLevels(c.levels); !slices.Equal(got, c.want) || !slices.Equal(c.levels, given) {
			t.Errorf("%s: the highest of %q are %q, want %q", name, given, got, c.want)
		}
	}
}

// In any order of the levels, none of the highest includes another one, and together they include every known level.
func TestHighestLevels_properties(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		levels := make([]string, 1+random.IntN(5))
		for i := range levels {
			levels[i] = everyLevel[random.IntN(5)] // the levels with a rank
		}
		highest := mlflow.HighestLevels(levels)
		for _, level := range levels {
			if !slices.ContainsFunc(highest, func(h string) bool { return mlflow.IncludesLevel(h, level) }) {
				t.Errorf("got the highest of %q: %q, want one that includes %q", levels, highest, level)
			}
		}
		for _, a := range highest {
			if slices.ContainsFunc(highest, func(b string) bool { return a != b && mlflow.IncludesLevel(b, a) }) {
				t.Errorf("got the highest of %q: %q, want none that includes another", levels, highest)
			}
		}
		slices.Reverse(levels)
		if again := mlflow.HighestLevels(levels); !slices.Equal(again, highest) {
			t.Errorf("the highest of %q are %q in the reverse order, want %q", levels, again, highest)
		}
	}
}
