package chaostest

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

// tally counts what all worlds did.
type tally struct {
	mu                     sync.Mutex
	hits                   map[[2]string]int // kind and call
	rounds, applies, kills int
	imports, byHand        int
}

func newTally() *tally { return &tally{hits: map[[2]string]int{}} }

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

// String is the matrix: which call was hit how often by which kind of fault.
func (t *tally) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "%-17s", "")
	for _, k := range kinds {
		fmt.Fprintf(&b, " %10s", k.name)
	}
	fmt.Fprintf(&b, " %6s\n", "total")
	for _, c := range calls {
		row := 0
		fmt.Fprintf(&b, "%-17s", c.name)
		for _, k := range kinds {
			n := t.hits[[2]string{k.name, c.name}]
			row += n
			fmt.Fprintf(&b, " %10d", n)
		}
		fmt.Fprintf(&b, " %6d\n", row)
	}
	fmt.Fprintf(&b, "%d faults in %d rounds, %d applies, provider killed %d times; experiments imported as an error advised: %d, trashed again by hand: %d",
		t.faults(), t.rounds, t.applies, t.kills, t.imports, t.byHand)
	return b.String()
}

// expectFull checks that a long run left nothing out.
func (t *tally) expectFull(tb testing.TB) {
	tb.Helper()
	if n := t.faults(); n < fullFaults {
		tb.Errorf("%d faults, want at least %d", n, fullFaults)
	}
	for _, c := range calls {
		for _, k := range kinds {
			if t.hits[[2]string{k.name, c.name}] == 0 {
				tb.Errorf("call %q was never hit by %q", c.name, k.name)
			}
		}
	}
	if t.kills == 0 {
		tb.Error("the provider was never killed")
	}
}
