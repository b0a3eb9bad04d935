package chaostest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// concurrentUser is another user, who changes the server between two requests of an apply: creates an experiment with the name that is
// about to be created, grants and revokes, sets and removes tags. The changes are recorded as if they were made before the round, because
// the provider must not undo them.
type concurrentUser struct {
	world *world
	tally *tally

	mu    sync.Mutex
	dice  dice
	round round
	left  int // number of further changes
	acted bool
	// strangers are the experiments that it created, in all rounds.
	strangers map[string]bool
}

func newConcurrentUser(w *world) *concurrentUser {
	return &concurrentUser{world: w, tally: w.tally, strangers: map[string]bool{}}
}

// begin allows a number of changes in a round.
func (m *concurrentUser) begin(r round, times int, seed uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.round, m.left, m.acted, m.dice = r, times, false, dice{rand.New(rand.NewPCG(seed, 0))}
}

// end reports whether it made a change.
func (m *concurrentUser) end() (acted bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.left = 0
	return m.acted
}

// before runs before each request has an effect. It returns a description of the change, empty if there is none.
func (m *concurrentUser) before(r request) (done string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.left <= 0 || !r.known:
		return ""
	case r.name == "create":
		if m.dice.chance(0.2) {
			done = m.createFirst(r)
		}
	case m.world.directory != nil && (r.name == createRole || r.name == updateRole):
		if m.dice.chance(0.2) {
			done = m.createRoleFirst(r)
		}
	case m.left == 1: // reserved for a name
	case m.world.directory != nil && m.dice.chance(0.25):
		done = m.changeRole()
	case m.dice.chance(0.15):
		done = m.changeTag(r)
	case m.dice.chance(0.3):
		done = m.changeGrant(r)
	}
	if done != "" {
		m.left--
		m.acted = true
	}
	return done
}

// createFirst creates the experiment that a request is about to create, unless the configuration would adopt it.
func (m *concurrentUser) createFirst(r request) string {
	w, name := m.world, m.world.plainName(r.field("name"))
	for _, e := range m.round.next.experiments {
		if e.path() == name && e.adopt {
			return ""
		}
	}
	if slices.ContainsFunc(w.Experiments(), func(e emulator.Experiment) bool { return e.Name == name }) {
		return ""
	}
	id := w.CreateExperiment(emulator.OtherUser, name, nil)
	m.strangers[id] = true
	m.round.before[id] = w.readExperiment(id)
	m.tally.add(&m.tally.strangers)
	return fmt.Sprintf("experiment %s has the name %q", id, name)
}

// activeBefore returns an experiment as it was before the round, if it was active then and still is.
func (m *concurrentUser) activeBefore(id string) (experimentState, bool) {
	s, known := m.round.before[id]
	if !known || !s.active() {
		return experimentState{}, false
	}
	now, there := m.world.Experiment(id)
	return s, there && now.LifecycleStage == "active"
}

const concurrentTag = "concurrent-"

func (m *concurrentUser) changeTag(r request) string {
	id := r.experimentID()
	s, ok := m.activeBefore(id)
	if !ok {
		return ""
	}
	m.tally.add(&m.tally.foreignTags)
	for _, key := range labels(s.tags) {
		if strings.HasPrefix(key, concurrentTag) && m.dice.chance(0.5) {
			m.world.RemoveTag(id, key)
			delete(s.tags, key)
			return fmt.Sprintf("tag %q of experiment %s is removed", key, id)
		}
	}
	key, value := fmt.Sprint(concurrentTag, m.dice.IntN(1000)), m.world.text("theirs")
	m.world.SetTag(id, key, value)
	s.tags[key] = value
	return fmt.Sprintf("experiment %s has the tag %q", id, key)
}

// changeGrant changes a grant of a principal without an additive grant in the configuration. If permissions are written as a whole list, it
// does so only before the list is read: the provider could not keep a grant that is made between its read and its write.
func (m *concurrentUser) changeGrant(r request) string {
	id := r.experimentID()
	if m.world.isDatabricks {
		_, whole := m.round.next.permissions[labelOf(m.round.oldIDs, id)]
		if r.path != anyACL || r.name == putPermits && !whole {
			return ""
		}
	} else if id == "" {
		id = pick(m.dice, slices.Sorted(maps.Keys(m.round.before)))
	}
	s, ok := m.activeBefore(id)
	free := slices.DeleteFunc(m.world.others(), func(p emulator.Principal) bool { return m.hasDeclaredGrant(id, p) })
	if !ok || len(free) == 0 {
		return ""
	}
	p := pick(m.dice, free)
	m.tally.add(&m.tally.foreignGrants)
	if _, has := s.grants[p]; has && m.dice.chance(0.5) {
		m.world.Revoke(id, p)
		delete(s.grants, p)
		return fmt.Sprintf("%s has no grant on experiment %s", p.Name, id)
	}
	level := pick(m.dice, grantable)
	m.world.Grant(id, p, level)
	s.grants[p] = level
	return fmt.Sprintf("%s has %s on experiment %s", p.Name, level, id)
}

// hasDeclaredGrant reports whether an additive grant in the old or the new configuration is for the principal on the experiment.
func (m *concurrentUser) hasDeclaredGrant(id string, p emulator.Principal) bool {
	for _, c := range []config{m.round.old, m.round.next} {
		for _, g := range c.grants {
			if g.principal == p && g.on(m.round.oldIDs) == id {
				return true
			}
		}
	}
	return false
}

// releaseNames renames strangers whose names the configuration declares, as their owners would on request.
func (m *concurrentUser) releaseNames(wanted map[string]bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range labels(m.strangers) {
		if e, there := m.world.Experiment(id); there && e.LifecycleStage == "active" && wanted[e.Name] {
			m.world.Rename(id, m.world.foreignName())
			m.tally.add(&m.tally.deletedAgain)
		}
	}
}
