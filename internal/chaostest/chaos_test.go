// Package chaostest applies random configurations under faults: with the real CLI and the real provider process, on an emulated workspace
// or on a real MLflow server. There are errors and invalid responses, another user who changes the server between two requests, changes
// outside Terraform, callers that take turns, and a provider that is killed. After each round, the server must match the configuration, and
// unmanaged objects must be unchanged. On an MLflow server, where the only caller is a server admin, the configuration also declares users,
// roles, and their members.
//
// Rounds belong to worlds. A world is a server, its callers, and a folder for the CLI. Everything in a world follows from the seed and the
// number of the world, except for the order of concurrent requests. `make chaos` runs many rounds; without settings, the tests run a few.
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
	// fullRounds is enough for every call to get every kind of fault.
	fullRounds    = 200
	fullFaults    = 2000
	roundsInWorld = 10
	// extraWorlds is the maximum number of worlds after a full run, for the faults that it did not inject.
	extraWorlds = 12
)

// settings select what runs with a seed. world is the only world to run, or -1 for all.
type settings struct{ rounds, seed, world int }

// readSettings reads the environment: ROUNDS, which are divided among the seeds; SEED, one or several; and WORLD, to run only one world of
// one seed.
func readSettings(t *testing.T) []settings {
	t.Helper()
	rounds, world := numbers(t, "ROUNDS", shortRounds)[0], numbers(t, "WORLD", -1)[0]
	seeds := numbers(t, "SEED", 1)
	var all []settings
	for i, seed := range seeds {
		s := settings{(rounds + i) / len(seeds), seed, world}
		if s.rounds < 1 || s.world >= s.worlds() || s.world >= 0 && len(seeds) > 1 {
			t.Fatalf("nothing to run: ROUNDS=%d are %d worlds per seed, numbered from 0; WORLD requires a single SEED", s.rounds, s.worlds())
		}
		all = append(all, s)
	}
	return all
}

// numbers reads an environment variable with one or several numbers.
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

// size returns the number of rounds of each world. Few rounds are divided among two worlds, which run in parallel.
func (s settings) size() int { return max(1, min(roundsInWorld, (s.rounds+1)/2)) }

// worlds returns the number of worlds.
func (s settings) worlds() int { return (s.rounds + s.size() - 1) / s.size() }

// reproduceWith returns the variables that run a world again. An extra world depends on all others.
func (s settings) reproduceWith(world int) string {
	variables := fmt.Sprintf("ROUNDS=%d SEED=%d", s.rounds, s.seed)
	if world < s.worlds() {
		variables += fmt.Sprintf(" WORLD=%d", world)
	}
	return variables
}

// isFull reports whether there are many rounds, in all worlds.
func isFull(all []settings) bool {
	rounds := 0
	for _, s := range all {
		rounds += s.rounds
	}
	return rounds >= fullRounds && all[0].world < 0
}

// target is a kind of server on which the rounds run.
type target struct {
	backend string // of make chaos
	calls   []call
	// open starts the server of a world, or prepares a part of a server for it.
	open func(t *testing.T, s settings, world int) site
}

func TestChaos(t *testing.T) {
	all := readSettings(t)
	total := target{"databricks", databricksCalls, openWorkspace}.run(t, all)
	if isFull(all) && !t.Failed() {
		total.expectFull(t)
	}
}

// run runs all worlds, and extra ones if a full run did not inject all faults.
func (g target) run(t *testing.T, all []settings) *tally {
	installed := install(t)
	total := newTally(g.calls)
	play := func(t *testing.T, s settings, number, rounds int) {
		newWorld(t, installed, total, g, s, number).run(rounds)
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
