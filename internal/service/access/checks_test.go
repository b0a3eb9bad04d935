package access_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// expectGrants checks the direct grants on an experiment, each in the form "kind name level".
func expectGrants(w *acctest.Workspace, id string, want ...string) resource.TestCheckFunc {
	return expectGrantsOf("experiment "+id, func() []emulator.Grant { return w.Grants(id) }, want)
}

// expectGrantsOf checks the direct grants on an object when the check runs.
func expectGrantsOf(object string, grants func() []emulator.Grant, want []string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		if got, want := grantTexts(grants()), slices.Sorted(slices.Values(want)); !slices.Equal(got, want) {
			return fmt.Errorf("%s: got grants %q, want %q", object, got, want)
		}
		return nil
	}
}

// grantTexts returns grants as sorted texts "kind name level".
func grantTexts(grants []emulator.Grant) []string {
	var texts []string
	for _, g := range grants {
		texts = append(texts, g.Kind+" "+g.Name+" "+g.Level)
	}
	slices.Sort(texts)
	return texts
}

// expectWrites checks the write requests since the last reset.
func expectWrites(w *acctest.Workspace, want ...string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		if got := w.Writes(); !slices.Equal(got, want) {
			return fmt.Errorf("got writes %q, want %q", got, want)
		}
		return nil
	}
}

func permissionsPath(id string) string { return "/api/2.0/permissions/experiments/" + id }

// planCheck is a plan check on the attributes of the resource before and after the change.
type planCheck func(before, after any) error

func (check planCheck) CheckPlan(_ context.Context, req plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse) {
	for _, rc := range req.Plan.ResourceChanges {
		if rc.Address == permissionsAddress || rc.Address == folderAddress {
			resp.Error = check(rc.Change.Before, rc.Change.After)
			return
		}
	}
	resp.Error = errors.New("plan contains no change of permissions")
}

// expectMapChange checks a map attribute before and after; nil is null.
func expectMapChange(attribute string, before, after map[string]any) plancheck.PlanCheck {
	asMap := func(object any) map[string]any {
		attributes, _ := object.(map[string]any)
		m, _ := attributes[attribute].(map[string]any)
		return m
	}
	return planCheck(func(resourceBefore, resourceAfter any) error {
		b, a := asMap(resourceBefore), asMap(resourceAfter)
		if !reflect.DeepEqual(b, before) || !reflect.DeepEqual(a, after) {
			return fmt.Errorf("%s: got a change from %v to %v, want from %v to %v", attribute, b, a, before, after)
		}
		return nil
	})
}

func expectMap(attribute string, want map[string]string) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(permissionsAddress, tfjsonpath.New(attribute), levelMap(want))
}

// levelMap checks for exactly these levels by principal; nil is an empty map.
func levelMap(want map[string]string) knownvalue.Check {
	exact := map[string]knownvalue.Check{}
	for name, level := range want {
		exact[name] = knownvalue.StringExact(level)
	}
	return knownvalue.MapExact(exact)
}

func expectNull(attribute string) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(permissionsAddress, tfjsonpath.New(attribute), knownvalue.Null())
}
