package provider_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// cancelLimit is the maximum duration of an apply after Ctrl-C: the current request ends immediately, and the apply only saves the state.
const cancelLimit = 2 * time.Second

// hangingProxy is a proxy that never responds to one of the requests, either before or after the request takes effect.
type hangingProxy struct {
	next    http.Handler
	mu      sync.Mutex
	call    string // method and path; "" none
	after   bool
	arrived chan struct{}
}

// ServeHTTP implements [http.Handler].
func (h *hangingProxy) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body) // otherwise the server does not detect that the client closed the connection
	r.Body = io.NopCloser(bytes.NewReader(body))
	h.mu.Lock()
	hangs, after, arrived := r.Method+" "+r.URL.Path == h.call, h.after, h.arrived
	if hangs {
		h.call = ""
	}
	h.mu.Unlock()
	if !hangs || after {
		into := rw
		if hangs {
			into = httptest.NewRecorder()
		}
		h.next.ServeHTTP(into, r)
	}
	if hangs {
		close(arrived)
		<-r.Context().Done()
	}
}

// hang makes the next such request hang, and returns a channel that is closed when it arrives.
func (h *hangingProxy) hang(call string, after bool) <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.call, h.after, h.arrived = call, after, make(chan struct{})
	return h.arrived
}

// cancellableServer applies with a context that a test can cancel, like Ctrl-C.
type cancellableServer struct {
	tfprotov6.ProviderServer
	applies func() context.Context
}

func (c cancellableServer) ApplyResourceChange(
	_ context.Context,
	req *tfprotov6.ApplyResourceChangeRequest,
) (*tfprotov6.ApplyResourceChangeResponse, error) {
	return c.ProviderServer.ApplyResourceChange(c.applies(), req)
}

// cancelledApply is an apply of one resource that is canceled while one of its requests hangs.
type cancelledApply struct {
	call  string
	after bool // the effect
	kind  string
	// prior and config are the configurations before and now. Nil means none.
	prior, config map[string]any
	// remains reports whether there is a state afterwards.
	remains bool
}

func cancelledApplies(id string) map[string]cancelledApply {
	const experiment, tag, grants, grant = "mlflow_experiment", "mlflow_experiment_tag", "mlflow_experiment_permissions",
		"mlflow_experiment_permission"
	acl := "/api/2.0/permissions/experiments/" + id
	old := acctest.AttributeValues("name", "/Shared/churn", "tags", acctest.MapOfOne("team", "risk"))
	renamed := acctest.AttributeValues("name", "/Shared/attrition", "tags", acctest.MapOfOne("team", "growth"))
	many := map[string]string{}
	for n := range 25 { // a create request has at most 20
		many[string(rune('a'+n))] = "v"
	}
	tagOf := func(value string) map[string]any {
		return acctest.AttributeValues("experiment_id", id, "key", "team", "value", value)
	}
	grantsOf := func(level string) map[string]any {
		return acctest.AttributeValues("experiment_id", id, "users", acctest.MapOfOne(emulator.User, level))
	}
	grantOf := func(level string) map[string]any {
		return acctest.AttributeValues("experiment_id", id, "user_name", emulator.User, "permission_level", level)
	}
	return map[string]cancelledApply{
		"the look before a create": {call: "GET " + acctest.ExperimentsPath + "get-by-name", kind: experiment, config: old},
		"create":                   {call: "POST " + acctest.ExperimentsPath + "create", kind: experiment, config: old},
		"create, done": {
			call:    "POST " + acctest.ExperimentsPath + "create",
			after:   true,
			kind:    experiment,
			config:  old,
			remains: true,
		},
		"the read after a create": {call: "GET " + acctest.ExperimentsPath + "get", kind: experiment, config: old, remains: true},
		"a tag after a create": {
			call:    "POST " + acctest.ExperimentsPath + "set-experiment-tag",
			kind:    experiment,
			config:  acctest.AttributeValues("name", "/Shared/churn", "tags", many),
			remains: true,
		},
		"the look before an update": {
			call:    "GET " + acctest.ExperimentsPath + "get",
			kind:    experiment,
			prior:   old,
			config:  renamed,
			remains: true,
		},
		"a rename": {
			call:    "POST " + acctest.ExperimentsPath + "update",
			kind:    experiment,
			prior:   old,
			config:  renamed,
			remains: true,
		},
		"a rename, done": {
			call:    "POST " + acctest.ExperimentsPath + "update",
			after:   true,
			kind:    experiment,
			prior:   old,
			config:  renamed,
			remains: true,
		},
		"a tag in an update": {
			call:    "POST " + acctest.ExperimentsPath + "set-experiment-tag",
			kind:    experiment,
			prior:   old,
			config:  renamed,
			remains: true,
		},
		"the removal of a tag": {
			call:    "POST " + acctest.ExperimentsPath + "delete-experiment-tag",
			kind:    experiment,
			prior:   old,
			config:  acctest.AttributeValues("name", "/Shared/churn"),
			remains: true,
		},
		"a delete": {call: "POST " + acctest.ExperimentsPath + "delete", kind: experiment, prior: old, remains: true},
		"a delete, done": {
			call:    "POST " + acctest.ExperimentsPath + "delete",
			after:   true,
			kind:    experiment,
			prior:   old,
			remains: true,
		},
		"only a tag": {call: "POST " + acctest.ExperimentsPath + "set-experiment-tag", kind: tag, config: tagOf("risk")},
		"only a tag, done": {
			call:   "POST " + acctest.ExperimentsPath + "set-experiment-tag",
			after:  true,
			kind:   tag,
			config: tagOf("risk"),
		},
		"only a tag, changed": {
			call:    "POST " + acctest.ExperimentsPath + "set-experiment-tag",
			kind:    tag,
			prior:   tagOf("risk"),
			config:  tagOf("growth"),
			remains: true,
		},
		"only a tag, removed": {
			call:    "POST " + acctest.ExperimentsPath + "delete-experiment-tag",
			kind:    tag,
			prior:   tagOf("risk"),
			remains: true,
		},
		"the list before a write": {
			call:    "GET " + acl,
			kind:    grants,
			prior:   grantsOf("CAN_EDIT"),
			config:  grantsOf("CAN_READ"),
			remains: true,
		},
		"the list":       {call: "PUT " + acl, kind: grants, config: grantsOf("CAN_EDIT")},
		"the list, done": {call: "PUT " + acl, after: true, kind: grants, config: grantsOf("CAN_EDIT")},
		"the list, changed": {
			call:    "PUT " + acl,
			kind:    grants,
			prior:   grantsOf("CAN_EDIT"),
			config:  grantsOf("CAN_READ"),
			remains: true,
		},
		"the list, removed": {call: "PUT " + acl, kind: grants, prior: grantsOf("CAN_EDIT"), remains: true},
		"one grant":         {call: "PATCH " + acl, kind: grant, config: grantOf("CAN_EDIT")},
		"one grant, done":   {call: "PATCH " + acl, after: true, kind: grant, config: grantOf("CAN_EDIT")},
		"one grant, changed": {
			call:    "PATCH " + acl,
			kind:    grant,
			prior:   grantOf("CAN_EDIT"),
			config:  grantOf("CAN_READ"),
			remains: true,
		},
		"one grant, removed":           {call: "PUT " + acl, kind: grant, prior: grantOf("CAN_EDIT"), remains: true},
		"the look at a removed grant":  {call: "GET " + acl, kind: grant, prior: grantOf("CAN_EDIT"), remains: true},
		"the look at a removed tag":    {call: "GET " + acctest.ExperimentsPath + "get", kind: tag, prior: tagOf("risk"), remains: true},
		"the look before a delete":     {call: "GET " + acctest.ExperimentsPath + "get", kind: experiment, prior: old, remains: true},
		"the look before a tag is set": {call: "GET " + acctest.ExperimentsPath + "get", kind: tag, config: tagOf("risk")},
	}
}

// TestCancel_eachCall cancels an apply while each of its requests hangs. The apply ends soon, the state contains the changes so far, and
// the next apply completes them without a second experiment.
func TestCancel_eachCall(t *testing.T) {
	t.Parallel()
	for name := range cancelledApplies("") {
		t.Run(name, func(t *testing.T) {
			w := emulator.New(emulator.Options{ServeTagDeletion: true})
			server := &hangingProxy{next: w}
			listener := httptest.NewServer(server)
			t.Cleanup(listener.Close)
			b := &acctest.Backend{URL: listener.URL, URLArgument: "host", Settings: map[string]any{"token": emulator.AdminToken}}
			c := cancelledApplies(w.CreateExperiment(emulator.Admin, "/Shared/other", nil))[name]
			e := b.Provider(t, nil).Resource(c.kind)
			if c.prior != nil {
				e.MustApply(c.prior)
			}
			diags := c.apply(t, server, e)
			if state := e.Values(); (state != nil) != c.remains || acctest.HasError(diags) == (c.prior == nil && c.remains) {
				t.Errorf("apply: got diagnostics %q and state %v", diags, state)
			}
			if c.config == nil {
				diags = e.Destroy()
			} else {
				diags = e.Apply(c.config)
			}
			if acctest.HasError(diags) {
				t.Errorf("next apply: got diagnostics %q", diags)
			}
			if want := map[bool]int{true: 2, false: 1}[c.kind == "mlflow_experiment"]; len(w.Experiments()) != want {
				t.Errorf("there are the experiments %+v", w.Experiments())
			}
		})
	}
}

// apply applies, and cancels the apply when the request hangs.
func (c cancelledApply) apply(t *testing.T, server *hangingProxy, e *acctest.Resource) (diags string) {
	t.Helper()
	e.Refresh()
	planned := e.Plan(c.config)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	e.Server = cancellableServer{e.Server, func() context.Context { return ctx }}
	arrived, done := server.hang(c.call, c.after), make(chan struct{})
	go func() {
		defer close(done)
		diags = e.ApplyPlan(planned, c.config)
	}()
	select {
	case <-arrived:
	case <-done:
		t.Fatalf("got no request %s; diagnostics %q", c.call, diags)
	}
	interrupted := time.Now()
	cancel()
	<-done
	if took := time.Since(interrupted); took > cancelLimit {
		t.Errorf("the apply went on for %s", took)
	}
	return diags
}

// TestCancel interrupts an apply while a request hangs. The apply ends soon, and the state contains the changes so far.
func TestCancel(t *testing.T) {
	t.Parallel()
	w := emulator.New(emulator.Options{})
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	w.Inject(emulator.Fault{Path: acctest.ExperimentsPath + "set-experiment-tag", Delay: time.Hour, Times: -1})
	hangingProxy := make(chan struct{})
	var once sync.Once
	w.Before("POST", acctest.ExperimentsPath+"set-experiment-tag", func(*http.Request) { once.Do(func() { close(hangingProxy) }) })
	p := newProgram(t, `
		resource "mlflow_experiment" "first" {
		  name = "/Shared/first"
		}
		resource "mlflow_experiment" "second" {
		  depends_on = [mlflow_experiment.first]
		  name       = "/Shared/second"
		  tags       = { for i in range(25) : format("tag%02d", i) => "v" }
		}`, "DATABRICKS_HOST="+server.URL, "DATABRICKS_TOKEN="+emulator.AdminToken)
	cmd := p.cli(context.Background(), "apply", "-no-color", "-input=false", "-auto-approve")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-hangingProxy:
	case <-time.After(2 * time.Minute):
		t.Fatalf("the apply never came to its tags:\n%s", out.String())
	}
	interrupted := time.Now()
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if took := time.Since(interrupted); took > cancelLimit {
		t.Errorf("the apply went on for %s", took)
	}
	state, err := os.ReadFile(filepath.Join(p.dir, "terraform.tfstate"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"/Shared/first", "/Shared/second"} {
		e, ok := w.ExperimentByName(name)
		if !ok || !bytes.Contains(state, []byte(e.ID)) {
			t.Errorf("the state does not hold %s (%s):\n%s", name, e.ID, out.String())
		}
	}
	if bytes.Contains(state, []byte("tainted")) {
		t.Error("an experiment is tainted")
	}
	w.ClearFaults()
	if text, err := p.run("apply", "-no-color", "-input=false", "-auto-approve"); err != nil ||
		!strings.Contains(text, "1 changed, 0 destroyed") {
		t.Errorf("the next apply: %v\n%s", err, text)
	}
}
