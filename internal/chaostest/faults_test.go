package chaostest

import (
	"hash/fnv"
	"io"
	"math/rand/v2"
	"net/http"
	"path"
	"slices"
	"sync"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// call is one route that the provider uses.
type call struct{ name, method, path string }

const experiments = "/api/2.0/mlflow/experiments/"

var calls = []call{
	{"create", "POST", experiments + "create"},
	{"get", "GET", experiments + "get"},
	{"get-by-name", "GET", experiments + "get-by-name"},
	{"update", "POST", experiments + "update"},
	{"delete", "POST", experiments + "delete"},
	{"restore", "POST", experiments + "restore"},
	{"search", "POST", experiments + "search"},
	{"set tag", "POST", experiments + "set-experiment-tag"},
	{"delete tag", "POST", experiments + "delete-experiment-tag"},
	{"search runs", "POST", "/api/2.0/mlflow/runs/search"},
	{"search traces", "POST", "/api/3.0/mlflow/traces/search"},
	{"search models", "POST", "/api/2.0/mlflow/logged-models/search"},
	{"get permissions", "GET", "/api/2.0/permissions/experiments/*"},
	{"put permissions", "PUT", "/api/2.0/permissions/experiments/*"},
	{"patch permissions", "PATCH", "/api/2.0/permissions/experiments/*"},
	{"mkdirs", "POST", "/api/2.0/workspace/mkdirs"},
	{"me", "GET", "/api/2.0/preview/scim/v2/Me"},
	{"host metadata", "GET", "/.well-known/databricks-config"},
	{"oauth metadata", "GET", "/oidc/.well-known/oauth-authorization-server"},
	{"token", "POST", "/oidc/v1/token"},
}

// reads are the calls that change nothing in the workspace.
var reads = []string{
	"get", "get-by-name", "search", "search runs", "search traces", "search models", "get permissions", "me", "host metadata",
	"oauth metadata", "token",
}

func callOf(r *http.Request) (call, bool) {
	for _, c := range calls {
		if matched, _ := path.Match(c.path, r.URL.Path); matched && c.method == r.Method {
			return c, true
		}
	}
	return call{}, false
}

// kind is one way in which a call goes wrong.
type kind struct {
	name  string
	fault emulator.Fault
	// slow ones take a second or more, of which a round has only a few.
	slow bool
	// late ones may also come after the call had its effect.
	late bool
	// final ones are not worth a second try.
	final bool
}

const html = "<html><head><title>Oops</title></head><body><pre>upstream connect error</pre></body></html>"

// stall is longer than the provider's http_timeout_seconds.
const stall = 1500 * time.Millisecond

var kinds = []kind{
	{name: "429", fault: emulator.Fault{Status: 429, Code: "REQUEST_LIMIT_EXCEEDED", Message: "Too many requests."}},
	{name: "429 after", slow: true, fault: emulator.Fault{
		Status: 429, Code: "REQUEST_LIMIT_EXCEEDED", Message: "Too many requests.", Header: map[string]string{"Retry-After": "1"},
	}},
	{name: "500", late: true, fault: emulator.Fault{Status: 500, Code: "INTERNAL_ERROR", Message: "Something went wrong."}},
	{name: "502", late: true, fault: emulator.Fault{Status: 502, Code: "BAD_GATEWAY", Message: "Bad gateway."}},
	{name: "503", late: true, fault: emulator.Fault{Status: 503, Code: "TEMPORARILY_UNAVAILABLE", Message: "Try again later."}},
	{name: "504", late: true, fault: emulator.Fault{Status: 504, Code: "DEADLINE_EXCEEDED", Message: "Deadline exceeded."}},
	{name: "500 html", late: true, fault: emulator.Fault{Status: 500, RawBody: html}},
	{name: "502 html", late: true, fault: emulator.Fault{Status: 502, RawBody: html}},
	{name: "503 html", late: true, fault: emulator.Fault{Status: 503, RawBody: html}},
	{name: "504 html", late: true, fault: emulator.Fault{Status: 504, RawBody: html}},
	{name: "cut before", fault: emulator.Fault{DropBefore: true}},
	{name: "cut after", fault: emulator.Fault{DropAfter: true}},
	{name: "truncated", fault: emulator.Fault{Truncate: true}},
	{name: "stall", slow: true, fault: emulator.Fault{Delay: stall}},
	{name: "400", final: true, fault: emulator.Fault{Status: 400, Code: "INVALID_PARAMETER_VALUE", Message: "Not while we are moving."}},
	{name: "409", final: true, fault: emulator.Fault{Status: 409, Code: "ABORTED", Message: "Somebody else writes at the same time."}},
}

// worldStride shifts the order of kinds from world to world. It has no divisor in common with their number, so that a call that a world
// sees but once meets another kind in each.
const worldStride = 3

// storm decides which calls go wrong, when they come. A call that was hit less often than the others is hit more eagerly.
type storm struct {
	workspace *emulator.Workspace
	tally     *tally
	process   *process

	mu     sync.Mutex
	queues map[string][]kind
	hits   map[string]int
	bursts map[string]burst
	dice   map[string]*rand.Rand
	plan   stormPlan
	writes int
	killed bool
}

// burst is a kind that goes on hitting one and the same call.
type burst struct {
	kind
	left int
}

// stormPlan is what a round's first apply is in for. The zero value is calm.
type stormPlan struct {
	faults, slow int
	// fromWrite lets the plan pass: the storm begins with the first call that changes something.
	fromWrite bool
	// killAt is the number of the write at which the provider is killed, 0 for none; killLate lets the write have its effect.
	killAt   int
	killLate bool
	// seed decides about each call.
	seed uint64
}

func newStorm(s settings, world int, workspace *emulator.Workspace, p *process, total *tally) *storm {
	st := &storm{workspace: workspace, process: p, tally: total, queues: map[string][]kind{}, hits: map[string]int{}}
	for _, c := range calls {
		order := rand.New(rand.NewPCG(uint64(s.seed), hash(c.name))).Perm(len(kinds))
		for i := range order {
			st.queues[c.name] = append(st.queues[c.name], kinds[order[(i+worldStride*world)%len(kinds)]])
		}
		if world >= s.worlds() { // an extra world begins with what was seldom or never seen
			slices.SortStableFunc(st.queues[c.name], func(a, b kind) int { return total.count(a.name, c.name) - total.count(b.name, c.name) })
		}
	}
	workspace.Before("", "", st.strike)
	return st
}

func hash(text string) uint64 {
	h := fnv.New64a()
	_, _ = io.WriteString(h, text)
	return h.Sum64()
}

// begin starts the storm of a round.
func (s *storm) begin(p stormPlan) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plan, s.writes, s.killed = p, 0, false
	s.bursts, s.dice = map[string]burst{}, map[string]*rand.Rand{}
}

// end tells whether the provider was killed.
func (s *storm) end() (killed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plan = stormPlan{}
	s.workspace.ClearFaults()
	return s.killed
}

// strike runs before each call. A fault that it injects is for this very call, and so is sure to hit.
func (s *storm) strike(r *http.Request) {
	c, known := callOf(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !known || s.plan == (stormPlan{}) {
		return
	}
	body, _ := io.ReadAll(r.Body)
	if isWrite(c) {
		s.writes++
		if s.writes == s.plan.killAt {
			s.kill(r, body)
			return
		}
	}
	if s.plan.fromWrite && s.writes == 0 && !s.seldom(c) {
		return
	}
	if k, hit := s.next(c, r, body); hit {
		s.inject(c, k, r, body)
	}
}

func isWrite(c call) bool { return !slices.Contains(reads, c.name) }

// next draws whether, and how, a call goes wrong.
func (s *storm) next(c call, r *http.Request, body []byte) (kind, bool) {
	same := r.Method + r.URL.String() + string(body)
	if b := s.bursts[same]; b.left > 0 {
		s.bursts[same] = burst{b.kind, b.left - 1}
		return b.kind, true
	}
	dice := s.dice[c.name]
	if dice == nil {
		dice = rand.New(rand.NewPCG(s.plan.seed, hash(c.name)))
		s.dice[c.name] = dice
	}
	eager, lasting := s.appetite(c)
	if s.plan.faults <= 0 && !s.seldom(c) || dice.Float64() >= eager {
		return kind{}, false
	}
	k, ok := s.takeKind(c)
	if ok && !k.slow && !k.final && dice.Float64() < lasting {
		s.bursts[same] = burst{k, 1 + dice.IntN(5)}
	}
	return k, ok
}

// seldom tells that a call has had less than half its share of faults. It is then hit at every opportunity, whatever the round's limits.
func (s *storm) seldom(c call) bool { return 2*s.hits[c.name] <= sum(s.hits)/len(calls) }

// appetite gives the chance that a call is hit, and that the same fault then goes on for some tries. Calls that come seldom are hit almost
// always, and rather by many kinds than by one for long.
func (s *storm) appetite(c call) (eager, lasting float64) {
	switch {
	case s.seldom(c):
		return 0.9, 0.05
	case s.hits[c.name] <= sum(s.hits)/len(calls):
		return 0.7, 0.15
	default:
		return 0.25, 0.45
	}
}

// takeKind takes the kind that this call waits for longest, or a quick one when the round has had its slow ones.
func (s *storm) takeKind(c call) (kind, bool) {
	queue := s.queues[c.name]
	for i, k := range queue {
		if k.slow && s.plan.slow <= 0 && !s.seldom(c) {
			continue
		}
		if k.slow {
			s.plan.slow--
		}
		rest := append(append([]kind{}, queue[:i]...), queue[i+1:]...)
		s.queues[c.name] = append(rest, k)
		return k, true
	}
	return kind{}, false
}

func (s *storm) inject(c call, k kind, r *http.Request, body []byte) {
	f := aimed(k.fault, r, body)
	s.hits[c.name]++
	f.AfterEffect = k.late && s.hits[c.name]%2 == 0
	s.plan.faults--
	s.workspace.Inject(f)
	s.tally.hit(k.name, c.name)
}

// aimed makes a fault that hits no other call than this one, or one that is word for word the same.
func aimed(f emulator.Fault, r *http.Request, body []byte) emulator.Fault {
	f.Method, f.Path, f.Query, f.Body = r.Method, r.URL.Path, r.URL.RawQuery, string(body)
	return f
}

// kill ends the provider at this call. What the call does, when it has its effect, nobody hears of.
func (s *storm) kill(r *http.Request, body []byte) {
	if !s.process.killProvider() {
		return
	}
	s.killed = true
	s.tally.add(&s.tally.kills)
	if !s.plan.killLate {
		s.workspace.Inject(aimed(emulator.Fault{DropBefore: true}, r, body))
	}
}

func sum(counts map[string]int) int {
	n := 0
	for _, c := range counts {
		n += c
	}
	return n
}
