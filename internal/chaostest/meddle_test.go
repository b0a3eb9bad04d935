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

// meddler is somebody else who acts between two calls of a disturbed apply: takes the name that is about to be created, grants and revokes,
// sets and removes tags. What it does is noted as if it had been there before the round, since the provider has to leave it alone.
type meddler struct {
	world *world
	tally *tally

	mu    sync.Mutex
	dice  dice
	round round
	left  int // how often it still acts
	acted bool
	// strangers are the experiments that it made, in all rounds.
	strangers map[string]bool
}

func newMeddler(w *world) *meddler {
	return &meddler{world: w, tally: w.tally, strangers: map[string]bool{}}
}

// begin lets it act so many times in a round.
func (m *meddler) begin(r round, times int, seed uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.round, m.left, m.acted, m.dice = r, times, false, dice{rand.New(rand.NewPCG(seed, 0))}
}

// end reports whether it did anything.
func (m *meddler) end() (acted bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.left = 0
	return m.acted
}

// before runs before each call has any effect. It returns what was done, "" for nothing.
func (m *meddler) before(r request) (done string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.left <= 0 || !r.known:
		return ""
	case r.name == "create":
		if m.dice.chance(0.2) {
			done = m.takeName(r)
		}
	case m.world.directory != nil && (r.name == createRole || r.name == updateRole):
		if m.dice.chance(0.2) {
			done = m.takeRoleName(r)
		}
	case m.left == 1: // for a name
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

// takeName makes the experiment that a call is about to make. Where the configuration takes over what is there, that would be no theft.
func (m *meddler) takeName(r request) string {
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
	m.round.before[id] = w.look(id)
	m.tally.add(&m.tally.strangers)
	return fmt.Sprintf("experiment %s has the name %q", id, name)
}

// known gives what was there of an active experiment before the round, and is there still.
func (m *meddler) known(id string) (seen, bool) {
	s, known := m.round.before[id]
	if !known || !s.active() {
		return seen{}, false
	}
	now, there := m.world.Experiment(id)
	return s, there && now.LifecycleStage == "active"
}

const meddledTag = "meddled-"

func (m *meddler) changeTag(r request) string {
	id := r.experimentID()
	s, ok := m.known(id)
	if !ok {
		return ""
	}
	m.tally.add(&m.tally.foreignTags)
	for _, key := range labels(s.tags) {
		if strings.HasPrefix(key, meddledTag) && m.dice.chance(0.5) {
			m.world.RemoveTag(id, key)
			delete(s.tags, key)
			return fmt.Sprintf("tag %q of experiment %s is removed", key, id)
		}
	}
	key, value := fmt.Sprint(meddledTag, m.dice.IntN(1000)), m.world.text("theirs")
	m.world.SetTag(id, key, value)
	s.tags[key] = value
	return fmt.Sprintf("experiment %s has the tag %q", id, key)
}

// changeGrant changes a grant of a principal that no single block names. Where access is written as a whole list, that is never done between
// the provider's reading a list and its writing it back without an entry: nobody could keep such a grant.
func (m *meddler) changeGrant(r request) string {
	id := r.experimentID()
	if m.world.isDatabricks {
		_, whole := m.round.next.permissions[labelOf(m.round.oldIDs, id)]
		if r.path != anyACL || r.name == putPermits && !whole {
			return ""
		}
	} else if id == "" {
		id = pick(m.dice, slices.Sorted(maps.Keys(m.round.before)))
	}
	s, ok := m.known(id)
	free := slices.DeleteFunc(m.world.others(), func(p emulator.Principal) bool { return m.named(id, p) })
	if !ok || len(free) == 0 {
		return ""
	}
	p := pick(m.dice, free)
	m.tally.add(&m.tally.foreignGrants)
	if _, has := s.grants[p]; has && m.dice.chance(0.5) {
		m.world.Revoke(id, p)
		delete(s.grants, p)
		return fmt.Sprintf("%s has nothing on experiment %s", p.Name, id)
	}
	level := pick(m.dice, grantable)
	m.world.Grant(id, p, level)
	s.grants[p] = level
	return fmt.Sprintf("%s has %s on experiment %s", p.Name, level, id)
}

// named reports whether a single block, old or new, grants something to a principal on an experiment.
func (m *meddler) named(id string, p emulator.Principal) bool {
	for _, c := range []config{m.round.old, m.round.next} {
		for _, g := range c.grants {
			if g.principal == p && g.on(m.round.oldIDs) == id {
				return true
			}
		}
	}
	return false
}

// retreat lets strangers give up the names that the configuration wants, as people do when they are asked to.
func (m *meddler) retreat(wanted map[string]bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range labels(m.strangers) {
		if e, there := m.world.Experiment(id); there && e.LifecycleStage == "active" && wanted[e.Name] {
			m.world.Rename(id, m.world.foreignName())
			m.tally.add(&m.tally.byHand)
		}
	}
}
