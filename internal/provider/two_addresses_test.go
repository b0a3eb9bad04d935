package provider_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// addressSwitch is a configuration with two sides. Each declares the same objects under other addresses: another resource name, or another
// type. For the provider, another for_each key or module is the same. Terraform deletes the resources of one side and creates those of the
// other, in any order.
type addressSwitch struct {
	*acctest.Workspace
	t *testing.T
	// ids are the experiments by their short names.
	ids map[string]string

	mu       sync.Mutex
	awaited  map[string]int // calls that have still to arrive, by kind
	arrived  chan struct{}  // is closed when they all have
	heldName string         // the experiment whose creation or deletion waits for them
}

func newAddressSwitch(t *testing.T) *addressSwitch {
	t.Helper()
	s := &addressSwitch{Workspace: acctest.NewWorkspace(t), t: t, ids: map[string]string{}}
	for _, name := range []string{"tagged", "granted", "listed", "adopted", "mixed", "moved"} {
		s.ids[name] = s.CreateExperiment(emulator.Admin, "/Shared/"+name, nil)
	}
	s.Before("", "", s.hold)
	return s
}

// objects are one resource of each type.
func (s *addressSwitch) objects(label, value, level, meta string) string {
	return fmt.Sprintf(`
		resource "mlflow_experiment_tag" %[1]q {
		  experiment_id = %[5]q
		  key           = "side"
		  value         = %[2]q
		  %[4]s
		}
		resource "mlflow_experiment_permission" %[1]q {
		  experiment_id    = %[6]q
		  group_name       = "risk"
		  permission_level = %[3]q
		  %[4]s
		}
		resource "mlflow_experiment_permissions" %[1]q {
		  experiment_id = %[7]q
		  groups        = { risk = %[3]q }
		  %[4]s
		}
		resource "mlflow_experiment" %[1]q {
		  name           = "/Shared/adopted"
		  adopt_existing = true
		  tags           = { side = %[2]q }
		  %[4]s
		}
		`, label, value, level, meta, s.ids["tagged"], s.ids["granted"], s.ids["listed"])
}

// order is the order of the operations of the two sides.
type order int

const (
	anyOrder order = iota
	deleteFirst
	createFirst
)

// levels are the grants of the two sides. They differ, so that each side has something to write.
var levels = map[string]string{"a": "CAN_READ", "b": "CAN_EDIT"}

// side returns the configuration of a side, "a" or "b". Its objects depend on the experiment gate-SIDE, and latch-SIDE depends on the
// objects: delaying the creation of a gate or the deletion of a latch forces an order.
func (s *addressSwitch) side(side string, o order) string {
	meta, level := "", levels[side]
	if o != anyOrder {
		meta = "depends_on = [mlflow_experiment.gate_" + side + "]"
	}
	var mixed, moved, latched string
	if side == "a" {
		mixed = fmt.Sprintf(`
			resource "mlflow_experiment_permission" "mixed" {
			  count            = 2
			  experiment_id    = %q
			  group_name       = ["risk", "data-science"][count.index]
			  permission_level = %q
			  %[4]s
			}
			resource "mlflow_experiment_tag" "moved" {
			  experiment_id = %[3]q
			  key           = "side"
			  value         = "a"
			  %[4]s
			}`, s.ids["mixed"], level, s.ids["moved"], meta)
		latched = "mlflow_experiment_permission.mixed, mlflow_experiment_tag.moved"
		if o == createFirst {
			moved = "depends_on = [mlflow_experiment_tag.moved]"
		}
	} else {
		mixed = fmt.Sprintf(`
			resource "mlflow_experiment_permissions" "mixed" {
			  experiment_id = %q
			  groups        = { risk = %[2]q, data-science = %[2]q }
			  %[3]s
			}`, s.ids["mixed"], level, meta)
		latched = "mlflow_experiment_permissions.mixed"
		moved = "tags = { side = \"b\" }\n" + meta
	}
	config := s.objects(side, side, level, meta) + mixed + fmt.Sprintf(`
		resource "mlflow_experiment" "moved" {
		  name           = "/Shared/moved"
		  adopt_existing = true
		  %s
		}`, moved)
	if o != anyOrder {
		config += fmt.Sprintf(`
			resource "mlflow_experiment" "gate_%[1]s" {
			  name = "/Shared/gate-%[1]s"
			}
			resource "mlflow_experiment" "latch_%[1]s" {
			  name       = "/Shared/latch-%[1]s"
			  depends_on = [
			    mlflow_experiment.%[1]s, mlflow_experiment_tag.%[1]s, mlflow_experiment_permission.%[1]s, mlflow_experiment_permissions.%[1]s, %[2]s
			  ]
			}`, side, latched)
	}
	return s.Config(config)
}

// await delays the experiment with a name until these requests have arrived.
func (s *addressSwitch) await(name string, calls map[string]int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heldName, s.awaited, s.arrived = name, calls, make(chan struct{})
}

// hold counts a request, and delays it if it is the one that must wait.
func (s *addressSwitch) hold(r *http.Request) {
	var body struct {
		Name  string  `json:"name"`
		ID    string  `json:"experiment_id"`
		Value *string `json:"value"`
	}
	data, _ := io.ReadAll(r.Body)
	_ = json.Unmarshal(data, &body)
	kind := r.Method
	switch {
	case strings.HasSuffix(r.URL.Path, "/set-experiment-tag") && *body.Value == "":
		kind = "blank"
	case strings.HasSuffix(r.URL.Path, "/set-experiment-tag"):
		kind = "set"
	case strings.HasSuffix(r.URL.Path, "/experiments/delete"):
		kind = "delete"
		e, _ := s.Experiment(body.ID)
		body.Name = e.Name
	}
	s.mu.Lock()
	arrived, held := s.arrived, body.Name != "" && body.Name == s.heldName
	if !held && s.awaited[kind] > 0 {
		s.awaited[kind]--
		left := 0
		for _, n := range s.awaited {
			left += n
		}
		if left == 0 {
			close(arrived)
		}
	}
	s.mu.Unlock()
	if !held {
		return
	}
	select {
	case <-arrived:
	case <-time.After(time.Minute):
		s.mu.Lock()
		defer s.mu.Unlock()
		s.t.Errorf("%s waited in vain for %v", body.Name, s.awaited)
	}
}

// expect checks that all objects of a side exist.
func (s *addressSwitch) expect(side, level string) {
	s.t.Helper()
	s.ExpectTag(s.t, s.ids["tagged"], "side", &side)
	s.ExpectTag(s.t, s.ids["adopted"], "side", &side)
	for _, name := range []string{"granted", "listed"} {
		if got := s.Level(s.ids[name], emulator.GroupPrincipal("risk")); got != level {
			s.t.Errorf("side %s: risk has %q on %s, want %q", side, got, name, level)
		}
	}
	if e, _ := s.Experiment(s.ids["adopted"]); e.LifecycleStage != "active" || e.Name != "/Shared/adopted" {
		s.t.Errorf("side %s: the adopted experiment is %+v", side, e)
	}
}

// expectMoved checks the objects that a side declares with another type.
func (s *addressSwitch) expectMoved(side string) {
	s.t.Helper()
	s.ExpectTag(s.t, s.ids["moved"], "side", &side)
	for _, group := range []string{"risk", "data-science"} {
		if got := s.Level(s.ids["mixed"], emulator.GroupPrincipal(group)); got != levels[side] {
			s.t.Errorf("side %s: %s has %q, want %q", side, group, got, levels[side])
		}
	}
}

// step applies a side. The test library checks that the next plan is empty.
func (s *addressSwitch) step(side string, o order, held string, calls map[string]int) resource.TestStep {
	return resource.TestStep{
		PreConfig:     func() { s.await(held, calls) },
		Config:        s.side(side, o),
		PostApplyFunc: func() { s.expect(side, levels[side]); s.expectMoved(side) },
	}
}

// TestTwoAddresses forces both orders of the Delete under one address and the Create, or Update, under another.
func TestTwoAddresses(t *testing.T) {
	s := newAddressSwitch(t)
	acctest.UnitTest(t,
		s.step("a", deleteFirst, "", nil),
		s.step("b", deleteFirst, "/Shared/gate-b", map[string]int{"blank": 2, "PUT": 4, "delete": 1}),
		s.step("a", deleteFirst, "/Shared/gate-a", map[string]int{"blank": 2, "PUT": 3, "delete": 1}),
		s.step("b", createFirst, "/Shared/latch-a", map[string]int{"set": 3, "PUT": 2, "PATCH": 1}),
		s.step("a", createFirst, "/Shared/latch-b", map[string]int{"set": 3, "PUT": 1, "PATCH": 3}),
	)
}

// repeats is the number of repetitions of a test without a fixed order: TEST_REPEAT, 3 by default.
func repeats() int {
	if n, err := strconv.Atoi(os.Getenv("TEST_REPEAT")); err == nil {
		return n
	}
	return 3
}

// TestTwoAddresses_anyOrder leaves the order to Terraform.
func TestTwoAddresses_anyOrder(t *testing.T) {
	s := newAddressSwitch(t)
	steps := []resource.TestStep{s.step("a", anyOrder, "", nil)}
	for range repeats() {
		steps = append(steps, s.step("b", anyOrder, "", nil), s.step("a", anyOrder, "", nil))
	}
	acctest.UnitTest(t, steps...)
}

// TestTwoAddresses_replaced replaces each resource, the old one first and the new one first.
func TestTwoAddresses_replaced(t *testing.T) {
	s := newAddressSwitch(t)
	step := func(trigger string, createFirst bool, action plancheck.ResourceActionType) resource.TestStep {
		var checks []plancheck.PlanCheck
		for _, kind := range []string{"mlflow_experiment", "mlflow_experiment_tag", "mlflow_experiment_permission",
			"mlflow_experiment_permissions"} {
			checks = append(checks, plancheck.ExpectResourceAction(kind+".this", action))
		}
		lifecycle := fmt.Sprintf("lifecycle {\n  replace_triggered_by = [terraform_data.trigger]\n  create_before_destroy = %t\n}", createFirst)
		return resource.TestStep{
			Config: s.Config(fmt.Sprintf("resource \"terraform_data\" \"trigger\" {\n  input = %q\n}\n", trigger) +
				s.objects("this", "kept", "CAN_READ", lifecycle)),
			ConfigPlanChecks: acctest.PreApply(checks...),
			PostApplyFunc:    func() { s.expect("kept", "CAN_READ") },
		}
	}
	acctest.UnitTest(t,
		step("a", false, plancheck.ResourceActionCreate),
		step("b", false, plancheck.ResourceActionDestroyBeforeCreate),
		step("c", true, plancheck.ResourceActionCreateBeforeDestroy),
	)
}

// declaration is a resource with its configuration.
type declaration struct {
	kind   string
	config map[string]any
}

// switchAddress deletes one resource and creates another in the same run. The first operation is "delete", "create", or "plan": the plan of
// the create, before both.
func switchAddress(t *testing.T, b *acctest.Backend, from, to declaration, first string) {
	t.Helper()
	old := b.Provider(t, nil).Resource(from.kind)
	if diags := old.Apply(from.config); acctest.HasError(diags) {
		t.Fatalf("%v: got diagnostics %q", from, diags)
	}
	old.Provider = old.Restart()
	next := old.Resource(to.kind)
	planned := sync.OnceValue(func() acctest.Plan { return next.Plan(to.config) })
	operations := []func() string{
		func() string { return old.ApplyPlan(old.Plan(nil), nil) },
		func() string { return next.ApplyPlan(planned(), to.config) },
	}
	switch first {
	case "plan":
		planned()
	case "create":
		slices.Reverse(operations)
	}
	for _, operate := range operations {
		if diags := operate(); acctest.HasError(diags) {
			t.Errorf("from %v to %v, %s first: %q", from, to, first, diags)
		}
	}
	if old.Values() != nil {
		t.Errorf("from %v to %v, %s first: the old one has the state %v", from, to, first, old.Values())
	}
	next.ExpectEmptyPlan(to.config)
}

// tagAddresses moves a tag to another resource address.
func tagAddresses(t *testing.T, b *acctest.Backend) {
	id := b.CreateExperiment(t, b.Name("two"), nil)
	tag := func(value string) declaration {
		return declaration{"mlflow_experiment_tag", acctest.AttributeValues("experiment_id", id, "key", "stage", "value", value)}
	}
	for _, first := range []string{"delete", "create", "plan"} {
		switchAddress(t, b, tag("one"), tag("other"), first)
		b.ExpectExperiment(t, id, "", "active", map[string]string{"stage": "other"})
	}
}
