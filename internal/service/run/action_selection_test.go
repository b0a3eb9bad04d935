package run

import (
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"
)

// TestSelectionCutoff checks that an invalid argument is an error: without a cutoff, all runs would be selected.
func TestSelectionCutoff(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 5_600_000, time.UTC)
	for name, tc := range map[string]struct {
		older, before types.String
		want          time.Time
		fails         bool
	}{
		"none":     {types.StringNull(), types.StringNull(), time.Time{}, false},
		"an age":   {types.StringValue("1d"), types.StringNull(), time.Date(2026, 2, 28, 12, 0, 0, 5_000_000, time.UTC), false},
		"a time":   {types.StringNull(), types.StringValue("2026-01-01T00:00:00Z"), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), false},
		"no age":   {types.StringValue("90 days"), types.StringNull(), time.Time{}, true},
		"no time":  {types.StringNull(), types.StringValue("2026-01-01"), time.Time{}, true},
		"unknown":  {types.StringUnknown(), types.StringNull(), time.Time{}, true},
		"an empty": {types.StringNull(), types.StringValue(""), time.Time{}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := selection{OlderThan: tc.older, Before: tc.before}
			got, err := s.cutoff(now)
			if (err != nil) != tc.fails || !tc.fails && !got.Equal(tc.want) {
				t.Errorf("got cutoff %s, %v, want %s", got, err, tc.want)
			}
		})
	}
}
