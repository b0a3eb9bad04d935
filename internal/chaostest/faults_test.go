package chaostest

import (
	"hash/fnv"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
)

// worldStride shifts the order of kinds from world to world, separately for even and odd ones, because some calls occur only in every other
// world. It is coprime to the numbers of kinds, so that a call that occurs once in a world gets another kind in each.
const worldStride = 5

// mostSamePages is how often a search returns the same page when the next one is requested.
const mostSamePages = 6

// faultInjector selects the faults of requests. A call with fewer faults than others is more likely to get one.
type faultInjector struct {
	calls   []call
	tally   *tally
	process *process
	// another returns the response of the server about another object than that of the request.
	another func(request) string

	mu       sync.Mutex
	queues   map[string][]kind
	hits     map[string]int
	repeated map[string]repeatedFault
	pages    map[string]int // how often a search still returns the same page
	dice     map[string]*rand.Rand
	plan     faultPlan
	writes   int
	killed   bool
}

// repeatedFault is a kind of fault for the next tries of the same request.
type repeatedFault struct {
	kind
	left int
}

// faultPlan contains the disturbances of the first apply in a round. The zero value means none.
type faultPlan struct {
	faults, slow int
	// concurrentChanges is the number of changes by another user between two requests.
	concurrentChanges int
	// fromWrite means that faults start with the first write, after the plan.
	fromWrite bool
	// spareLogin means that requests for a token get no fault, because an apply without a token sends no other request.
	spareLogin bool
	// killAt is the number of the write at which the provider is killed, 0 for none. killLate means that the write has its effect.
	killAt   int
	killLate bool
	// seed is the seed of the decisions about requests.
	seed uint64
}

func newFaultInjector(w *world) *faultInjector {
	st := &faultInjector{
		calls:   w.target.calls,
		tally:   w.tally,
		process: w.process,
		another: func(r request) string { return w.another(r, w.foreign) },
		queues:  map[string][]kind{},
		hits:    map[string]int{},
	}
	for _, c := range st.calls {
		all := kindsFor(c)
		order := rand.New(rand.NewPCG(uint64(w.settings.seed), hash(c.name))).Perm(len(all))
		first := worldStride*(w.number/2) + w.number%2*len(all)/2
		for i := range order {
			st.queues[c.name] = append(st.queues[c.name], all[order[(i+first)%len(all)]])
		}
		if w.number >= w.settings.worlds() { // an extra world starts with the rarest faults
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

// begin starts the faults of a round.
func (s *faultInjector) begin(p faultPlan) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plan, s.writes, s.killed = p, 0, false
	s.repeated, s.pages, s.dice = map[string]repeatedFault{}, map[string]int{}, map[string]*rand.Rand{}
}

// end stops them, and reports whether the provider was killed.
func (s *faultInjector) end() (killed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plan = faultPlan{}
	return s.killed
}

// nextFault returns the fault of a request, and its name.
func (s *faultInjector) nextFault(r request) (f fault, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !r.known || s.plan == (faultPlan{}) {
		return fault{}, ""
	}
	if r.effect >= writes {
		s.writes++
		if s.writes == s.plan.killAt {
			return s.kill()
		}
	}
	if s.pages[r.name] > 0 && strings.Contains(r.text(), samePage) {
		s.pages[r.name]--
		return fault{status: 200, body: samePageBody}, "same page"
	}
	if s.plan.fromWrite && s.writes == 0 && !s.isRarelyHit(r.call) {
		return fault{}, ""
	}
	if s.plan.spareLogin && r.effect == authenticates {
		return fault{}, ""
	}
	k, hit := s.next(r)
	if !hit {
		return fault{}, ""
	}
	return s.faultFor(k, r), k.name
}

// next draws whether a request gets a fault, and of which kind.
func (s *faultInjector) next(r request) (kind, bool) {
	same := r.text()
	if b := s.repeated[same]; b.left > 0 {
		s.repeated[same] = repeatedFault{b.kind, b.left - 1}
		return b.kind, true
	}
	dice := s.dice[r.name]
	if dice == nil {
		dice = rand.New(rand.NewPCG(s.plan.seed, hash(r.name)))
		s.dice[r.name] = dice
	}
	hit, repeat := s.probabilities(r.call)
	if s.plan.faults <= 0 && !s.isRarelyHit(r.call) || dice.Float64() >= hit {
		return kind{}, false
	}
	k, ok := s.nextKind(r.call)
	if ok && !k.slow && !k.final && dice.Float64() < repeat {
		s.repeated[same] = repeatedFault{k, 1 + dice.IntN(5)}
	}
	return k, ok
}

// isRarelyHit reports whether a call has had less than half its share of faults. It then gets one at every opportunity, regardless of the
// limits of the round.
func (s *faultInjector) isRarelyHit(c call) bool { return 2*s.hits[c.name] <= sum(s.hits)/len(s.calls) }

// probabilities returns the probability that a request gets a fault, and that the fault is repeated for some tries. Rare calls almost
// always get a fault, preferably of many kinds.
func (s *faultInjector) probabilities(c call) (hit, repeat float64) {
	switch {
	case s.isRarelyHit(c):
		return 0.9, 0.05
	case s.hits[c.name] <= sum(s.hits)/len(s.calls):
		return 0.7, 0.15
	default:
		return 0.25, 0.45
	}
}

// nextKind returns the kind that has not been used for this call for longest, or a fast one after the slow ones of the round.
func (s *faultInjector) nextKind(c call) (kind, bool) {
	queue := s.queues[c.name]
	for i, k := range queue {
		if k.slow && s.plan.slow <= 0 && !s.isRarelyHit(c) {
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

// faultFor returns the fault of a kind for a request.
func (s *faultInjector) faultFor(k kind, r request) fault {
	f := k.fault
	s.hits[r.name]++
	f.honest = k.right && r.effect == writesEmpty
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

// kill kills the provider at this request, which gets no response.
func (s *faultInjector) kill() (f fault, name string) {
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
