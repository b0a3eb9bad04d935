package chaostest

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

// tally counts the events of all worlds.
type tally struct {
	calls                  []call
	mu                     sync.Mutex
	hits                   map[[2]string]int // by kind and call
	rounds, applies, kills int
	imports, deletedAgain  int
	adopted                int // users and roles
	// changes by another user between two requests
	strangers, foreignTags, foreignGrants, foreignRoles int
}

func newTally(calls []call) *tally { return &tally{calls: calls, hits: map[[2]string]int{}} }

func (t *tally) hit(kind, call string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.hits[[2]string{kind, call}]++
}

func (t *tally) add(counter *int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	*counter++
}

func (t *tally) faults() int {
	n := 0
	for _, count := range t.hits {
		n += count
	}
	return n
}

// count returns how often a call got a kind of fault.
func (t *tally) count(kind, call string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.hits[[2]string{kind, call}]
}

// missing returns the kinds and calls that did not occur together.
func (t *tally) missing() [][2]string {
	var cells [][2]string
	for _, c := range t.calls {
		for _, k := range kindsFor(c) {
			if t.count(k.name, c.name) == 0 {
				cells = append(cells, [2]string{k.name, c.name})
			}
		}
	}
	return cells
}

// width returns the width of the column of a kind.
func (k kind) width() int { return max(4, len(k.name)) }

// String returns a matrix with the number of faults of each call and kind.
func (t *tally) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "%-17s", "")
	for _, k := range kinds {
		fmt.Fprintf(&b, " %*s", k.width(), k.name)
	}
	fmt.Fprintf(&b, " %6s\n", "total")
	for _, c := range t.calls {
		row := 0
		fmt.Fprintf(&b, "%-17s", c.name)
		for _, k := range kinds {
			n := t.hits[[2]string{k.name, c.name}]
			row += n
			fmt.Fprintf(&b, " %*d", k.width(), n)
		}
		fmt.Fprintf(&b, " %6d\n", row)
	}
	fmt.Fprintf(&b, "%d faults in %d rounds, %d applies, provider killed %d times\n", t.faults(), t.rounds, t.applies, t.kills)
	fmt.Fprintf(&b, "another user between two requests: %d names taken, %d tags, %d grants, %d roles changed\n", t.strangers, t.foreignTags,
		t.foreignGrants, t.foreignRoles)
	fmt.Fprintf(&b, "done as an error advised: %d experiments imported, %d deleted again, %d users and roles adopted",
		t.imports, t.deletedAgain, t.adopted)
	return b.String()
}

// expectFull checks that a long run injected all faults.
func (t *tally) expectFull(tb testing.TB) {
	tb.Helper()
	if n := t.faults(); n < fullFaults {
		tb.Errorf("%d faults, want at least %d", n, fullFaults)
	}
	for _, cell := range t.missing() {
		tb.Errorf("%s was never sent to %s", cell[0], cell[1])
	}
	for what, n := range map[string]int{
		"the provider was never killed": t.kills, "no name was taken between two calls": t.strangers,
		"no tag was changed between two calls": t.foreignTags, "no grant was changed between two calls": t.foreignGrants,
	} {
		if n == 0 {
			tb.Error(what)
		}
	}
}
