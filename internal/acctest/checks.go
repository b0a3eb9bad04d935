package acctest

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/plancheck"
)

// ExpectChanges checks that a plan changes exactly these attributes of the resource at an address. Without attributes, the plan must not
// change the resource.
func ExpectChanges(address string, attributes ...string) plancheck.PlanCheck {
	return changesCheck{address, attributes}
}

type changesCheck struct {
	address    string
	attributes []string
}

// CheckPlan implements [plancheck.PlanCheck].
func (c changesCheck) CheckPlan(_ context.Context, req plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse) {
	var changed []string
	for _, rc := range req.Plan.ResourceChanges {
		if rc.Address != c.address {
			continue
		}
		before, _ := rc.Change.Before.(map[string]any)
		after, _ := rc.Change.After.(map[string]any)
		unknown, _ := rc.Change.AfterUnknown.(map[string]any)
		for name := range before {
			if !reflect.DeepEqual(before[name], after[name]) || unknown[name] == true {
				changed = append(changed, name)
			}
		}
	}
	slices.Sort(changed)
	want := slices.Sorted(slices.Values(c.attributes))
	if !slices.Equal(changed, want) {
		resp.Error = fmt.Errorf("plan of %s: got changes of %v, want %v", c.address, changed, want)
	}
}

// RFC3339 formats milliseconds since 1970 as times in the state.
func RFC3339(ms int64) string {
	return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z07:00")
}
