package chaostest

import (
	"hash/fnv"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
)

// worldStride shifts the order of kinds from world to world, among the even and among the odd ones: some calls come in every other world
// alone. It has no divisor in common with the numbers of kinds, so that a call that a world sees but once meets another kind in each.
const worldStride = 5

// mostSamePages is how often one and the same page is answered to who goes on asking for the next one.
const mostSamePages = 6

// storm decides which calls go wrong, when they come. A call that was hit less often than the others is hit more eagerly.
type storm struct {
	calls   []call
	tally   *tally
	process *process
	// another gives what the server says about another object than a request's.
	another func(request) string

	mu     sync.Mutex
	queues map[string][]kind
	hits   map[string]int
	bursts map[string]burst
	pages  map[string]int // how often a search is still answered with the same page
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
	// meddling is how often somebody else acts between two calls.
	meddling int
	// fromWrite lets the plan pass: the storm begins with the first call that changes something.
	fromWrite bool
	// spareLogin lets all calls for a token pass: an apply that gets none makes no other call.
	spareLogin bool
	// killAt is the number of the write at which the provider is killed, 0 for none; killLate lets the write have its effect.
	killAt   int
	killLate bool
	// seed decides about each call.
	seed uint64
}

func newStorm(w *world) *storm {
	st := &storm{calls: w.game.calls, tally: w.tally, process: w.process, another: func(r request) string { return w.another(r, w.foreign) }, queues: map[string][]kind{}, hits: map[string]int{}}
	for _, c := range st.calls {
		all := kindsFor(c)
		order := rand.New(rand.NewPCG(uint64(w.settings.seed), hash(c.name))).Perm(len(all))
		first := worldStride*(w.number/2) + w.number%2*len(all)/2
		for i := range order {
			st.queues[c.name] = append(st.queues[c.name], all[order[(i+first)%len(all)]])
		}
		if w.number >= w.settings.worlds() { // an extra world begins with what was seldom or never seen
			slices.SortStableFunc(st.queues[c.name], func(a, b kind) int { return w.tally.count(a.name, c.name) - w.tally.count(b.name, c.name) })
		}
	}
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
	s.bursts, s.pages, s.dice = map[string]burst{}, map[string]int{}, map[string]*rand.Rand{}
}

// end reports whether the provider was killed.
func (s *storm) end() (killed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plan = stormPlan{}
	return s.killed
}

// strike returns what happens to a request, and the name of it.
func (s *storm) strike(r request) (f fault, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !r.known || s.plan == (stormPlan{}) {
		return fault{}, ""
	}
	if r.does >= writes {
		s.writes++
		if s.writes == s.plan.killAt {
			return s.kill()
		}
	}
	if s.pages[r.name] > 0 && strings.Contains(r.text(), samePage) {
		s.pages[r.name]--
		return fault{status: 200, body: samePageBody}, "same page"
	}
	if s.plan.fromWrite && s.writes == 0 && !s.seldom(r.call) {
		return fault{}, ""
	}
	if s.plan.spareLogin && r.does == logsIn {
		return fault{}, ""
	}
	k, hit := s.next(r)
	if !hit {
		return fault{}, ""
	}
	return s.aim(k, r), k.name
}

// next draws whether, and how, a call goes wrong.
func (s *storm) next(r request) (kind, bool) {
	same := r.text()
	if b := s.bursts[same]; b.left > 0 {
		s.bursts[same] = burst{b.kind, b.left - 1}
		return b.kind, true
	}
	dice := s.dice[r.name]
	if dice == nil {
		dice = rand.New(rand.NewPCG(s.plan.seed, hash(r.name)))
		s.dice[r.name] = dice
	}
	eager, lasting := s.appetite(r.call)
	if s.plan.faults <= 0 && !s.seldom(r.call) || dice.Float64() >= eager {
		return kind{}, false
	}
	k, ok := s.takeKind(r.call)
	if ok && !k.slow && !k.final && dice.Float64() < lasting {
		s.bursts[same] = burst{k, 1 + dice.IntN(5)}
	}
	return k, ok
}

// seldom tells that a call has had less than half its share of faults. It is then hit at every opportunity, whatever the round's limits.
func (s *storm) seldom(c call) bool { return 2*s.hits[c.name] <= sum(s.hits)/len(s.calls) }

// appetite gives the chance that a call is hit, and that the same fault then goes on for some tries. Calls that come seldom are hit almost
// always, and rather by many kinds than by one for long.
func (s *storm) appetite(c call) (eager, lasting float64) {
	switch {
	case s.seldom(c):
		return 0.9, 0.05
	case s.hits[c.name] <= sum(s.hits)/len(s.calls):
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

// aim makes a kind's fault for one request.
func (s *storm) aim(k kind, r request) fault {
	f := k.fault
	s.hits[r.name]++
	f.honest = k.right && r.does == writesSilently
	f.late = f.honest || k.late && s.hits[r.name]%2 == 0
	if k.make != nil {
		f.body = k.make(r, s.another)
	}
	if f.body == samePageBody {
		s.pages[r.name] = mostSamePages
	}
	s.plan.faults--
	s.tally.hit(k.name, r.name)
	return f
}

// kill ends the provider at this call. What the call does, when it has its effect, nobody hears of.
func (s *storm) kill() (f fault, name string) {
	if !s.process.killProvider() {
		return fault{}, ""
	}
	s.killed = true
	s.tally.add(&s.tally.kills)
	if s.plan.killLate {
		return fault{}, "killed after"
	}
	return fault{cut: cutBefore}, "killed"
}

func sum(counts map[string]int) int {
	n := 0
	for _, c := range counts {
		n += c
	}
	return n
}
