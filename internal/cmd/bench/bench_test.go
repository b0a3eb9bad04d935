package main

import (
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestSelectRows(t *testing.T) {
	for _, tc := range []struct {
		names string
		want  []string
		err   string
	}{
		{names: "", want: []string{"permissions", "tags", "pairs", "fifty", "three"}},
		{names: "quick", want: []string{"quick"}},
		{names: "three pairs", want: []string{"pairs", "three"}},
		{names: "pairs nonesuch", err: `"nonesuch"`},
	} {
		rows, err := selectRows(strings.Fields(tc.names))
		var got []string
		for _, r := range rows {
			got = append(got, r.name)
		}
		if !slices.Equal(got, tc.want) || tc.err == "" && err != nil || tc.err != "" && (err == nil || !strings.Contains(err.Error(), tc.err)) {
			t.Errorf("rows %q are %q, %v; want %q, %q", tc.names, got, err, tc.want, tc.err)
		}
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 100_000: "100,000", 1_002_003: "1,002,003"} {
		if got := count(n); got != want {
			t.Errorf("%d is written %q, want %q", n, got, want)
		}
	}
}

// TestCalls counts the part of a journal that belongs to one plan.
func TestCalls(t *testing.T) {
	w := &workspace{journal: filepath.Join(t.TempDir(), "journal.jsonl")}
	before := `{"path":"/api/2.0/mlflow/experiments/set-experiment-tag"}` + "\n"
	plan := `{"path":"/.well-known/databricks-config"}` + "\n" + `{"path":"/api/2.0/mlflow/experiments/search"}` + "\n" +
		`{"path":"/api/2.0/permissions/experiments/1"}` + "\n" + `{"path":"/api/2.0/permissions/experiments/2"}` + "\n"
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(w.journal, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(before)
	since, err := w.journalLength()
	if err != nil {
		t.Fatal(err)
	}
	write(before + plan)
	got, err := w.calls(since)
	if want := map[string]int{"host": 1, "search": 1, "permissions": 2}; err != nil || !maps.Equal(got, want) {
		t.Errorf("calls are %v, %v; want %v", got, err, want)
	}
}

// TestTargets: the median decides about time, the worst run about calls and memory.
func TestTargets(t *testing.T) {
	met := func() result {
		return result{
			row:   row{name: "x", target: target{bulk: true, calls: 12, ratio: 1.5}},
			floor: []sample{{took: 2 * time.Second}, {took: 2 * time.Second}, {took: 9 * time.Second}},
			bulk: series{
				bulk: true, calls: map[string]int{"get": 7, "search": 5},
				samples: []sample{{took: 3 * time.Second, memory: 100 << 20}, {took: time.Second, memory: 149 << 20}, {took: 30 * time.Second}},
			},
			off: series{calls: map[string]int{"get": 1000}, samples: []sample{{took: time.Minute}}},
		}
	}
	for name, tc := range map[string]struct {
		change func(*result)
		missed int
	}{
		"met":      {func(*result) {}, 0},
		"calls":    {func(r *result) { r.bulk.calls["host"] = 1 }, 1},
		"time":     {func(r *result) { r.bulk.samples[1].took = 4 * time.Second }, 1},
		"memory":   {func(r *result) { r.off.samples[0].memory = 150 << 20 }, 1},
		"bulk off": {func(r *result) { r.row.target.bulk = false }, 2},
		"no ratio": {func(r *result) { r.row.target = target{calls: 1000} }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := met()
			tc.change(&r)
			if missed := printTargets(io.Discard, []result{r}); missed != tc.missed {
				t.Errorf("%d targets missed, want %d", missed, tc.missed)
			}
		})
	}
}
