package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	defaults := map[string]string{
		"admin-token": "admin@example.com", "user-token": "ana@example.com",
		"service-principal-token": "6f1c2a34-5b67-4c89-9d01-23456789abcd",
	}
	cases := []struct {
		name, args string
		want       settings
		rejection  string // part of the error; empty if accepted
	}{
		{"defaults", "", settings{addr: "127.0.0.1:8089", tokens: defaults}, ""},
		{
			"everything", "-addr [::1]:0 -latency 20ms -seed 7 -seed-notebooks 2 -seed-git-notebooks 1 -seed-runs 3 -journal calls.jsonl " +
				"-token a=x@example.com -token b=y@example.com -adds-managers -folds-group-names -folder-rights -no-folder-times",
			settings{
				"[::1]:0", map[string]string{"a": "x@example.com", "b": "y@example.com"}, 20 * time.Millisecond, "calls.jsonl",
				7, 2, 1, 3, true, true, true, true,
			}, "",
		},
		{"localhost", "-addr localhost:0", settings{addr: "localhost:0", tokens: defaults}, ""},
		{"all interfaces", "-addr :8089", settings{}, "only loopback addresses are allowed"},
		{"address of another machine", "-addr 192.0.2.1:8089", settings{}, "only loopback addresses are allowed"},
		{"no port", "-addr 127.0.0.1", settings{}, "invalid -addr"},
		{"a token without a principal", "-token secret", settings{}, "want TOKEN=PRINCIPAL"},
		{"an argument", "extra", settings{}, `unexpected argument "extra"`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := parse(strings.Fields(c.args), io.Discard)
			if c.rejection != "" {
				if err == nil || !strings.Contains(err.Error(), c.rejection) {
					t.Errorf("error: got %v, want %q", err, c.rejection)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("settings: got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestRun(t *testing.T) {
	journal := filepath.Join(t.TempDir(), "calls.jsonl")
	ctx, cancel := context.WithCancel(t.Context())
	read, write := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(
			ctx,
			[]string{"-addr", "127.0.0.1:0", "-journal", journal, "-token", "secret=carol@example.com", "-seed-runs", "2"},
			write,
			io.Discard,
		)
		_ = write.CloseWithError(err)
		ended <- err
	}()

	// The host and the token in the export line work.
	lines := bufio.NewScanner(read)
	var host, token, seeded string
	for token == "" && lines.Scan() {
		if strings.Contains(lines.Text(), "runs") {
			seeded = lines.Text()
		}
		if line, ok := strings.CutPrefix(strings.TrimSpace(lines.Text()), "export DATABRICKS_HOST="); ok {
			host, token, _ = strings.Cut(line, " DATABRICKS_TOKEN=")
		}
	}
	if seeded != "Experiment /Shared/runs contains 2 runs." {
		t.Errorf("line about the runs: got %q", seeded)
	}
	go func() { _, _ = io.Copy(io.Discard, read) }()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, host+"/api/2.0/preview/scim/v2/Me", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, err := io.ReadAll(response.Body); err != nil || !strings.Contains(string(body), "carol@example.com") {
		t.Errorf("Me: got %s, %v", body, err)
	}

	cancel()
	if err := <-ended; err != nil {
		t.Errorf("stopped with %v", err)
	}
	if text, err := os.ReadFile(journal); err != nil || strings.Count(string(text), "\n") != 1 ||
		!strings.Contains(string(text), "/scim/v2/Me") {
		t.Errorf("journal: got %s, %v", text, err)
	}
}

func TestRunWithoutAJournal(t *testing.T) {
	err := run(
		t.Context(),
		[]string{"-addr", "127.0.0.1:0", "-journal", filepath.Join(t.TempDir(), "none", "calls.jsonl")},
		io.Discard,
		io.Discard,
	)
	if err == nil || !strings.Contains(err.Error(), "could not open the journal") {
		t.Errorf("error: got %v", err)
	}
}
