// Package chaostest plays rounds of disturbed applies: the real CLI and the real provider process against the local workspace or a real
// MLflow server, with faults in the answers, answers that are none, somebody else who acts between two calls, changes behind Terraform's
// back, callers that take turns, and the provider killed in the middle. After each round the server itself must be what the
// configuration says, and everything that is somebody else's must be as it was. On an MLflow server, where the only caller is a server
// admin, the configuration also declares users, roles and their members.
//
// The rounds are played in worlds: a server, its callers and a folder for the CLI. Everything in a world follows from the seed and the
// world's number, but for the order of calls that the CLI makes side by side. `make chaos` plays many rounds; without settings a few are
// played, as part of the tests.
package chaostest

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	shortRounds = 6
	// fullRounds are enough for every call to meet every kind of fault.
	fullRounds    = 200
	fullFaults    = 2000
	roundsInWorld = 10
	// extraWorlds may follow a full run to find what it has left out.
	extraWorlds = 12
)

// settings are what is played with one seed. world is the only one to play, -1 for all.
type settings struct{ rounds, seed, world int }

// readSettings reads the environment: ROUNDS, which are shared out among the seeds; SEED, one or several; and WORLD, to play one world
// of one seed alone.
func readSettings(t *testing.T) []settings {
	t.Helper()
	rounds, world := numbers(t, "ROUNDS", shortRounds)[0], numbers(t, "WORLD", -1)[0]
	seeds := numbers(t, "SEED", 1)
	var all []settings
	for i, seed := range seeds {
		s := settings{(rounds + i) / len(seeds), seed, world}
		if s.rounds < 1 || s.world >= s.worlds() || s.world >= 0 && len(seeds) > 1 {
			t.Fatalf("nothing to play: of each seed ROUNDS=%d make %d worlds, numbered from 0; WORLD is for a single SEED", s.rounds, s.worlds())
		}
		all = append(all, s)
	}
	return all
}

// numbers reads a variable with one or several numbers.
func numbers(t *testing.T, name string, otherwise int) []int {
	t.Helper()
	var all []int
	for _, text := range strings.Fields(os.Getenv(name)) {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatalf("%s=%q: %q is not a number", name, os.Getenv(name), text)
		}
		all = append(all, n)
	}
	if len(all) == 0 {
		all = []int{otherwise}
	}
	return all
}

// size is how many rounds each world has: few rounds are spread over two worlds, which are played side by side.
func (s settings) size() int { return max(1, min(roundsInWorld, (s.rounds+1)/2)) }

// worlds is how many worlds the rounds make.
func (s settings) worlds() int { return (s.rounds + s.size() - 1) / s.size() }

// again gives the variables that play a world again. An extra world follows from all others.
func (s settings) again(world int) string {
	variables := fmt.Sprintf("ROUNDS=%d SEED=%d", s.rounds, s.seed)
	if world < s.worlds() {
		variables += fmt.Sprintf(" WORLD=%d", world)
	}
	return variables
}

// isFull tells that the rounds are many, and played in all worlds.
func isFull(all []settings) bool {
	rounds := 0
	for _, s := range all {
		rounds += s.rounds
	}
	return rounds >= fullRounds && all[0].world < 0
}

// game is a kind of server to play on.
type game struct {
	backend string // of make chaos
	calls   []call
	// open makes the server of a world, or the world's part of one.
	open func(t *testing.T, s settings, world int) site
}

func TestChaos(t *testing.T) {
	all := readSettings(t)
	total := game{"databricks", databricksCalls, openWorkspace}.play(t, all)
	if isFull(all) && !t.Failed() {
		total.expectFull(t)
	}
}

// play plays all worlds, and a few more when a full run has left something out.
func (g game) play(t *testing.T, all []settings) *tally {
	installed := install(t)
	total := newTally(g.calls)
	play := func(t *testing.T, s settings, number, rounds int) {
		newWorld(t, installed, total, g, s, number).play(rounds)
	}
	t.Run("worlds", func(t *testing.T) {
		for _, s := range all {
			for number := range s.worlds() {
				if s.world >= 0 && s.world != number {
					continue
				}
				t.Run(fmt.Sprintf("%d of seed %d", number, s.seed), func(t *testing.T) {
					t.Parallel()
					play(t, s, number, min(s.size(), s.rounds-number*s.size()))
				})
			}
		}
	})
	last := slices.MaxFunc(all, func(a, b settings) int { return a.seed - b.seed })
	for n := 0; isFull(all) && !t.Failed() && n < extraWorlds && len(total.missing()) > 0; n++ {
		t.Run(fmt.Sprintf("extra %d", n), func(t *testing.T) { play(t, last, last.worlds()+n, roundsInWorld/2) })
	}
	t.Logf("%s\n%s", g.backend, total)
	return total
}
