package review

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

// largeReview returns a review of experiments with 12 grants each, and 200 principals in 40 groups. Every fifth group contains the next
// four groups.
func largeReview(experiments int) (Review, Principals) {
	const groups, users = 40, 200
	r := Review{Server: "https://example.com", DefaultLevel: "CAN_READ"}
	levels := []string{"CAN_READ", "CAN_EDIT", "CAN_MANAGE", "CAN_RUN"}
	for e := range experiments {
		name, id := fmt.Sprintf("/Projects/team-%02d/experiment-%04d", e%groups, e), fmt.Sprint(100000+e)
		r.Experiments = append(r.Experiments, Experiment{ID: id, Name: name, Owner: fmt.Sprintf("user-%03d@example.com", e%users)})
		for i := range 12 {
			g := Grant{Experiment: name, ExperimentID: id, Kind: KindGroup, Principal: fmt.Sprintf("group-%02d", (e+i*7)%groups),
				Level: levels[(e+i)%4]}
			if i%3 == 0 {
				g.Kind, g.Principal = KindUser, fmt.Sprintf("user-%03d@example.com", (e*5+i)%users)
			}
			if i%2 == 0 {
				g.Inherited, g.InheritedFrom = true, fmt.Sprintf("/Projects/team-%02d", e%groups)
			}
			r.Grants = append(r.Grants, g)
		}
	}
	var p Principals
	for i := range users {
		p.Principals = append(p.Principals, PrincipalStatus{Kind: KindUser, Name: fmt.Sprintf("user-%03d@example.com", i), Exists: true})
	}
	for g := range groups {
		name := fmt.Sprintf("group-%02d", g)
		p.Principals = append(p.Principals, PrincipalStatus{Kind: KindGroup, Name: name, Exists: true})
		for i := range 10 {
			m := Member{Group: name, Kind: KindUser, Name: fmt.Sprintf("user-%03d@example.com", (g*5+i)%users)}
			p.Members = append(p.Members, m)
			if outer := g - g%5; outer != g {
				p.Members = append(p.Members, Member{Group: fmt.Sprintf("group-%02d", outer), Kind: m.Kind, Name: m.Name,
					Via: []string{name}})
			}
		}
	}
	return r, p
}

// benchmark measures do for reviews of two sizes, relative to decoding the JSON of the same data. The ratio must not grow with the size.
func benchmark(b *testing.B, do func(r Review, p Principals)) {
	for _, size := range []int{1000, 4000} {
		r, p := largeReview(size)
		text, err := json.Marshal([]any{r, p})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			for b.Loop() {
				do(r, p)
			}
			mean := b.Elapsed() / time.Duration(b.N)
			start := time.Now()
			const reads = 5
			for range reads {
				read := []any{&Review{}, &Principals{}}
				if err := json.Unmarshal(text, &read); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(mean)/(float64(time.Since(start))/reads), "x-JSON")
		})
	}
}

func BenchmarkEffectiveAccess(b *testing.B) {
	benchmark(b, func(r Review, p Principals) { EffectiveAccess(r, p) })
}

// The second review of BenchmarkDiff has a different level for every grant on every tenth experiment.
func BenchmarkDiff(b *testing.B) {
	changed := map[int]Review{}
	benchmark(b, func(r Review, _ Principals) {
		after, ok := changed[len(r.Grants)]
		if !ok {
			after = r
			after.Grants = append([]Grant{}, r.Grants...)
			for i := range after.Grants {
				if i/12%10 == 0 {
					after.Grants[i].Level = levelManage
				}
			}
			changed[len(r.Grants)] = after
		}
		Diff(r, after)
	})
}

func BenchmarkSnapshot(b *testing.B) {
	benchmark(b, func(r Review, _ Principals) {
		if _, err := Snapshot(r); err != nil {
			b.Fatal(err)
		}
	})
}

func BenchmarkParseSnapshot(b *testing.B) {
	texts := map[int][]byte{}
	benchmark(b, func(r Review, _ Principals) {
		text, ok := texts[len(r.Grants)]
		if !ok {
			text, _ = Snapshot(r)
			texts[len(r.Grants)] = text
		}
		if _, err := ParseSnapshot(text); err != nil {
			b.Fatal(err)
		}
	})
}

func BenchmarkDecide(b *testing.B) {
	decisions := map[int][]Decision{}
	benchmark(b, func(r Review, _ Principals) {
		made, ok := decisions[len(r.Grants)]
		if !ok {
			for _, l := range fingerprints(r) {
				made = append(made, Decision{Fingerprint: l.Fingerprint, Level: l.Grant.Level, Decision: DecisionApprove,
					Until: "2026-12-31"})
			}
			decisions[len(r.Grants)] = made
		}
		if _, err := Decide(r, made, time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)); err != nil {
			b.Fatal(err)
		}
	})
}

func BenchmarkLines(b *testing.B) {
	benchmark(b, func(r Review, _ Principals) { Lines(r) })
}
