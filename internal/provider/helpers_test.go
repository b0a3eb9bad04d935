package provider_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
)

// changes checks that a plan changes exactly these attributes of a resource; none means that nothing is planned for it.
func changes(address string, attributes ...string) plancheck.PlanCheck {
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
		resp.Error = fmt.Errorf("the plan changes %v of %s, want %v", changed, c.address, want)
	}
}

// rfc3339 is the form of times in state, of milliseconds since 1970.
func rfc3339(ms int64) string {
	return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z07:00")
}

// change plans another configuration for a resource that is there.
func (d *direct) change(kind string, state, config map[string]any) (planned map[string]any, replaces bool, says string) {
	d.t.Helper()
	schema := d.schemas.ResourceSchemas[kind]
	proposed := map[string]any{}
	for _, a := range schema.Block.Attributes {
		proposed[a.Name] = config[a.Name]
		if a.Computed && config[a.Name] == nil {
			proposed[a.Name] = state[a.Name]
		}
	}
	resp, err := d.server.PlanResourceChange(context.Background(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: kind, PriorState: d.encode(schema, state), Config: d.encode(schema, config), ProposedNewState: d.encode(schema, proposed),
	})
	d.check(err)
	return d.decode(schema, resp.PlannedState), len(resp.RequiresReplace) > 0, told(resp.Diagnostics)
}

// create plans and applies a new resource. What the plan says is said as well.
func (d *direct) create(kind string, config map[string]any) (state map[string]any, says string) {
	d.t.Helper()
	schema := d.schemas.ResourceSchemas[kind]
	plan, err := d.server.PlanResourceChange(context.Background(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: kind, PriorState: d.encode(schema, nil), Config: d.encode(schema, config), ProposedNewState: d.encode(schema, config),
	})
	d.check(err)
	if strings.Contains(told(plan.Diagnostics), "error") {
		return nil, told(plan.Diagnostics)
	}
	resp, err := d.server.ApplyResourceChange(context.Background(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: kind, PriorState: d.encode(schema, nil), PlannedState: plan.PlannedState, PlannedPrivate: plan.PlannedPrivate, Config: d.encode(schema, config),
	})
	d.check(err)
	return d.decode(schema, resp.NewState), strings.TrimSpace(told(plan.Diagnostics) + told(resp.Diagnostics))
}

// readImported imports a resource by its id and reads it, as the CLI does.
func (d *direct) readImported(kind, id string) string {
	d.t.Helper()
	imported, err := d.server.ImportResourceState(context.Background(), &tfprotov6.ImportResourceStateRequest{TypeName: kind, ID: id})
	d.check(err)
	resource := imported.ImportedResources[0]
	resp, err := d.server.ReadResource(context.Background(), &tfprotov6.ReadResourceRequest{TypeName: kind, CurrentState: resource.State, Private: resource.Private})
	d.check(err)
	return told(resp.Diagnostics)
}
