package framework

import (
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"
)

func TestFormatTime(t *testing.T) {
	t.Parallel()
	east := time.FixedZone("east", 2*60*60)
	for _, c := range []struct {
		time time.Time
		want types.String
	}{
		{time.Time{}, types.StringNull()},
		{time.Date(2026, 3, 4, 1, 6, 7, 0, east), types.StringValue("2026-03-03T23:06:07.000Z")},
		{time.UnixMilli(1), types.StringValue("1970-01-01T00:00:00.001Z")},
	} {
		if got := FormatTime(c.time); !got.Equal(c.want) {
			t.Errorf("%s: got %s, want %s", c.time, got, c.want)
		}
	}
}
