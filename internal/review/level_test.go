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
			t.Errorf("at least %q are %q, want %q", minLevel, got, want)
		}
	}
}

func TestCompareLevels(t *testing.T) {
	t.Parallel()
	got := []string{"NO_PERMISSIONS", "CAN_READ", "DENY", "CAN_MANAGE", "CAN_FLY", "USE", "CAN_RUN", "CAN_EDIT"}
	slices.SortFunc(got, compareLevels)
	if want := "CAN_MANAGE CAN_EDIT CAN_RUN USE CAN_READ CAN_FLY DENY NO_PERMISSIONS"; strings.Join(got, " ") != want {
		t.Errorf("the order is %q, want %q", got, want)
	}
}
