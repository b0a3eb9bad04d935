// Package chaostest plays rounds of disturbed applies: the real CLI and the real provider process against the local workspace, with
// faults in the answers, changes behind Terraform's back, and the provider killed in the middle. After each round the workspace itself
// must be what the configuration says, and everything that is somebody else's must be as it was.
//
// The rounds are played in worlds: a workspace, a caller and a folder for the CLI. Everything in a world follows from the seed and the
// world's number, but for the order of calls that the CLI makes side by side. `make chaos` plays many rounds; without settings a few are
// played, as part of the tests.
package chaostest

import (
	"fmt"
	"os"
	"strconv"
	"testing"
)

const (
	shortRounds = 6
	// fullRounds are enough for every call to meet every kind of fault.
	fullRounds    = 200
	fullFaults    = 2000
	roundsInWorld = 10
	// extraWorlds may follow a full run to find what it has left out.
	extraWorlds = 4
)

// settings come from the environment: ROUNDS, SEED, and WORLD to play one world alone.
type settings struct{ rounds, seed, world int }

func readSettings(t *testing.T) settings {
	t.Helper()
	number := func(name string, otherwise int) int {
		text := os.Getenv(name)
		if text == "" {
			return otherwise
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatalf("%s=%q is not a number", name, text)
		}
		return n
	}
	s := settings{number("ROUNDS", shortRounds), number("SEED", 1), number("WORLD", -1)}
	if s.rounds < 1 || s.world >= s.worlds() {
		t.Fatalf("nothing to play: ROUNDS=%d make %d worlds, numbered from 0", s.rounds, s.worlds())
	}
	return s
}

// size is how many rounds each world has: few rounds are spread over two worlds, which are played side by side.
func (s settings) size() int { return max(1, min(roundsInWorld, (s.rounds+1)/2)) }

// worlds is how many worlds the rounds make.
func (s settings) worlds() int { return (s.rounds + s.size() - 1) / s.size() }

// isFull tells that the rounds are many, and played in all worlds.
func (s settings) isFull() bool { return s.rounds >= fullRounds && s.world < 0 }

// again is the command that plays a world again. An extra world follows from all others.
func (s settings) again(world int) string {
	command := fmt.Sprintf("make chaos ROUNDS=%d SEED=%d", s.rounds, s.seed)
	if world < s.worlds() {
		command += fmt.Sprintf(" WORLD=%d", world)
	}
	return command
}

func TestChaos(t *testing.T) {
	s := readSettings(t)
	installed := install(t)
	total := newTally()
	play := func(t *testing.T, number, rounds int) {
		w := newWorld(t, installed, s, number)
		w.play(rounds, total)
	}
	t.Run("worlds", func(t *testing.T) {
		for number := range s.worlds() {
			if s.world >= 0 && s.world != number {
				continue
			}
			t.Run(strconv.Itoa(number), func(t *testing.T) {
				t.Parallel()
				play(t, number, min(s.size(), s.rounds-number*s.size()))
			})
		}
	})
	for n := 0; s.isFull() && !t.Failed() && n < extraWorlds && len(total.missing()) > 0; n++ {
		t.Run(fmt.Sprintf("extra %d", n), func(t *testing.T) { play(t, s.worlds()+n, roundsInWorld/2) })
	}
	t.Logf("seed %d\n%s", s.seed, total)
	if s.isFull() && !t.Failed() {
		total.expectFull(t)
	}
}
