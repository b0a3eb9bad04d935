package review

import (
	"slices"
	"strings"
	"testing"
)

func TestMeetsLevel(t *testing.T) {
	t.Parallel()
	all := []string{"CAN_READ", "USE", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE", "NO_PERMISSIONS", "DENY", "CAN_FLY"}
	for minLevel, want := range map[string][]string{
		"":           all,
		"DENY":       all,
		"CAN_FLY":    all,
		"CAN_READ":   {"CAN_READ", "USE", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE", "CAN_FLY"},
		"USE":        {"USE", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE", "CAN_FLY"},
		"CAN_RUN":    {"USE", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE", "CAN_FLY"},
		"CAN_EDIT":   {"CAN_RUN", "CAN_EDIT", "CAN_MANAGE", "CAN_FLY"},
		"CAN_MANAGE": {"CAN_MANAGE", "CAN_FLY"},
	} {
		var got []string
		for _, level := range all {
			if MeetsLevel(level, minLevel) {
				got = append(got, level)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", minLevel, got, want)
		}
	}
}

func TestCompareLevels(t *testing.T) {
	t.Parallel()
	got := []string{"NO_PERMISSIONS", "CAN_READ", "DENY", "CAN_MANAGE", "CAN_FLY", "USE", "CAN_RUN", "CAN_EDIT"}
	slices.SortFunc(got, compareLevels)
	if want := "CAN_MANAGE CAN_EDIT CAN_RUN USE CAN_READ CAN_FLY DENY NO_PERMISSIONS"; strings.Join(got, " ") != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestHighestLevels(t *testing.T) {
	t.Parallel()
	for levels, want := range map[string]string{
		"":                                      "",
		"CAN_READ":                              "CAN_READ",
		"CAN_READ CAN_READ":                     "CAN_READ",
		"CAN_READ CAN_MANAGE USE":               "CAN_MANAGE",
		"CAN_READ CAN_RUN USE CAN_EDIT":         "CAN_EDIT CAN_RUN",
		"USE CAN_RUN":                           "CAN_RUN USE",
		"CAN_FLY CAN_READ CAN_SWIM":             "CAN_READ CAN_FLY CAN_SWIM",
		"DENY NO_PERMISSIONS":                   "DENY",
		"NO_PERMISSIONS":                        "NO_PERMISSIONS",
		"DENY CAN_READ NO_PERMISSIONS":          "CAN_READ",
		"DENY ZZZ":                              "ZZZ",
		"a b c d e f g CAN_READ CAN_MANAGE USE": "CAN_MANAGE a b c d e f g",
	} {
		given := strings.Fields(levels)
		if got := strings.Join(highestLevels(given), " "); got != want {
			t.Errorf("%q: got %q, want %q", levels, got, want)
		}
		if strings.Join(given, " ") != levels {
			t.Errorf("highestLevels changed its argument: got %q, want %q", given, levels)
		}
	}
}

// A level includes another one if it allows all its rights.
func TestIncludesLevel(t *testing.T) {
	t.Parallel()
	all := []string{"CAN_READ", "USE", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE", "CAN_FLY", "CAN_SWIM", "DENY", "NO_PERMISSIONS", ""}
	for _, level := range all {
		for _, other := range all {
			want := level == other || allows(rightsOf(level), rightsOf(other)) && rightsOf(level) != ""
			if got := includesLevel(level, other); got != want {
				t.Errorf("%q includes %q: got %t, want %t", level, other, got, want)
			}
		}
	}
}
