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
		{names: "", want: []string{
			"permissions", "tags", "pairs", "apply", "experiment-access", "folder-access", "fifty", "three", "effective-access", "review-diff",
		}},
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
			t.Errorf("rows %q: got %q, %v; want %q, %q", tc.names, got, err, tc.want, tc.err)
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

// TestCalls counts the requests of one plan in a journal.
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
		t.Errorf("calls: got %v, %v; want %v", got, err, want)
	}
}

// TestTargets checks that the median is compared with targets for time, and the worst run with targets for calls and memory.
func TestTargets(t *testing.T) {
	met := func() *result {
		return &result{
			row:    row{name: "x", target: target{bulk: true, calls: 12, ratio: 1.5, pluginRatio: 0.5}},
			floor:  series{samples: []sample{{took: 2 * time.Second}, {took: 2 * time.Second}, {took: 9 * time.Second}}},
			plugin: series{samples: []sample{{took: 6 * time.Second, memory: 200 << 20}}},
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
		"time":     {func(r *result) { r.bulk.samples[1].took = 4 * time.Second }, 2},
		"plugin":   {func(r *result) { r.plugin.samples[0].took = 5 * time.Second }, 1},
		"memory":   {func(r *result) { r.off.samples[0].memory = 150 << 20 }, 1},
		"bulk off": {func(r *result) { r.row.target.bulk = false }, 3},
		"plan":     {func(r *result) { r.row.target.planCalls, r.bulk.planCalls = 3, map[string]int{"get": 4} }, 1},
		"no ratio": {func(r *result) { r.row.target = target{calls: 1000} }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := met()
			tc.change(r)
			if missed := printTargets(io.Discard, []*result{r}); missed != tc.missed {
				t.Errorf("%d targets missed, want %d", missed, tc.missed)
			}
		})
	}
}

// TestTables checks that only rows that measure the plugin floor have a line for it.
func TestTables(t *testing.T) {
	lines := func(plugin bool) []string {
		r := newResult(row{name: "x", plugin: plugin}, "")
		for i, s := range r.all() {
			s.samples = []sample{{took: time.Duration(i+1) * time.Second}}
		}
		var out strings.Builder
		printTables(&out, []*result{r})
		_, table, _ := strings.Cut(out.String(), "CALLS BY ROUTE\n")
		table, _, _ = strings.Cut(table, "\n\n")
		var names []string
		for line := range strings.Lines(table) {
			names = append(names, strings.Join(strings.Fields(line), " "))
		}
		return names
	}
	with := []string{
		"terraform_data 0 1.0s 1.00 0.50 0.0s", "time_static 0 2.0s 2.00 1.00 0.0s unknown",
		"bulk on 0 3.0s 3.00 1.50 0.0s unknown", "bulk off 0 4.0s 4.00 2.00 0.0s unknown",
	}
	if got := lines(true); !slices.Equal(got, with) {
		t.Errorf("table with a plugin: got %q, want %q", got, with)
	}
	without := []string{"terraform_data 0 1.0s 1.00 0.0s", "bulk on 0 2.0s 2.00 0.0s unknown", "bulk off 0 3.0s 3.00 0.0s unknown"}
	if got := lines(false); !slices.Equal(got, without) {
		t.Errorf("without a plugin the table is %q, want %q", got, without)
	}
}

// TestWrite checks that a configuration to plan has a state, that one to apply has none, and that each apply uses different names.
func TestWrite(t *testing.T) {
	for _, tc := range []struct {
		row   row
		state bool
		name  string
	}{
		{row: row{permissions: true}, state: true, name: `"/Shared/x"`},
		{row: row{permissions: true, managed: 1, folders: 1, apply: true}, name: `"/Projects/bench-${var.run}/0/experiment-0"`},
		{row: row{folderPermissions: true, managed: 1, folders: 1, apply: true}, name: `"${local.paths.f000}/experiment-0"`},
	} {
		experiments := []experiment{{ID: "1", Name: "/Shared/x", users: map[string]string{"ana@example.com": "CAN_EDIT"}}}
		if tc.row.apply {
			experiments = newExperiments(tc.row)
		}
		for name, write := range map[string]func(string, string, row, []experiment) error{
			"mlflow": writeConfiguration, "floor": writeFloor, "plugin": writePlugin,
		} {
			folder := filepath.Join(t.TempDir(), name)
			if err := write(folder, "http://127.0.0.1", tc.row, experiments); err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(filepath.Join(folder, "main.tf"))
			if err != nil || !strings.Contains(string(text), tc.name) {
				t.Errorf("%s does not contain %s: %v\n%s", name, tc.name, err, text)
			}
			if _, err := os.Stat(filepath.Join(folder, stateFile)); (err == nil) != tc.state {
				t.Errorf("%s: reading the state: %v, want one: %v", name, err, tc.state)
			}
		}
	}
}
