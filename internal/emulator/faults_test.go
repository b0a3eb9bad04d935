package emulator_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

func TestFaults(t *testing.T) {
	cases := []struct {
		fact     string
		fault    emulator.Fault
		effect   bool // the experiment is created
		broken   bool // the client gets no complete response
		status   int
		raw      string // part of the body
		recorded int    // status in the journal
	}{
		{"an error of the usual form", emulator.Fault{Status: 503, Code: "TEMPORARILY_UNAVAILABLE", Message: "later"}, false, false, 503,
			`{"error_code":"TEMPORARILY_UNAVAILABLE","message":"later"}`, 503},
		{"an error after the effect", emulator.Fault{Status: 500, Code: "INTERNAL_ERROR", AfterEffect: true}, true, false, 500,
			"INTERNAL_ERROR", 500},
		{"a raw body", emulator.Fault{Status: 502, RawBody: "<html>", ContentType: "text/x-own"}, false, false, 502, "<html>", 502},
		{"a raw body with success", emulator.Fault{RawBody: "<html>"}, false, false, 200, "<html>", 200},
		{"an empty object with success", emulator.Fault{RawBody: "{}", ContentType: "application/json"}, false, false, 200, "{}", 200},
		{"an empty object although it was done", emulator.Fault{RawBody: "{}", AfterEffect: true}, true, false, 200, "{}", 200},
		{"an error code with success", emulator.Fault{Status: 200, Code: "INTERNAL_ERROR"}, false, false, 200, "INTERNAL_ERROR", 200},
		{"no body", emulator.Fault{Status: 204}, false, false, 204, "", 204},
		{"no body although it was done", emulator.Fault{Status: 204, AfterEffect: true}, true, false, 204, "", 204},
		{"a broken connection before", emulator.Fault{DropBefore: true}, false, true, 0, "", 0},
		{"a broken connection after", emulator.Fault{DropAfter: true}, true, true, 0, "", 0},
		{"half a response", emulator.Fault{Truncate: true}, true, true, 0, "", 200},
		{"a header and nothing else", emulator.Fault{Header: map[string]string{"X-Fault": "yes"}}, true, false, 200, "experiment_id", 200},
		{"a delay and nothing else", emulator.Fault{Delay: time.Millisecond}, true, false, 200, "experiment_id", 200},
	}
	for _, c := range cases {
		t.Run(c.fact, func(t *testing.T) {
			w, admin := start(t, emulator.Options{})
			c.fault.Method, c.fault.Path = "POST", experimentsAPI+"*"
			w.Inject(c.fault)
			a, err := admin.send("POST", experimentsAPI+"create", `{"name":"/Shared/x"}`)
			if (err != nil) != c.broken {
				t.Fatalf("error: got %v", err)
			}
			if !c.broken && (a.status != c.status || !strings.Contains(a.raw, c.raw)) {
				t.Errorf("%d %s", a.status, a.raw)
			}
			if want := contentType(a.raw); !c.broken && c.fault.ContentType == "" && a.header.Get("Content-Type") != want {
				t.Errorf("Content-Type: got %q, want %q", a.header.Get("Content-Type"), want)
			}
			for key, value := range c.fault.Header {
				if a.header.Get(key) != value {
					t.Errorf("header %s: got %q", key, a.header.Get(key))
				}
			}
			if want := c.fault.ContentType; want != "" && a.header.Get("Content-Type") != want {
				t.Errorf("Content-Type: got %s", a.header.Get("Content-Type"))
			}
			if _, ok := w.ExperimentByName("/Shared/x"); ok != c.effect {
				t.Errorf("created: got %v", ok)
			}
			if calls := w.Journal(); len(calls) != 1 || calls[0].Status != c.recorded {
				t.Errorf("journal: got %+v", calls)
			}
			if w.RemainingFaults() != 0 {
				t.Error("the fault is not used up")
			}
		})
	}
}

// contentType returns the default content type of a body.
func contentType(body string) string {
	switch {
	case body == "":
		return ""
	case body[0] == '<':
		return "text/html; charset=utf-8"
	}
	return "application/json"
}

// TestFaults_brokenGet checks that Go's HTTP client does not repeat a GET on a reused connection, as it does without any byte.
func TestFaults_brokenGet(t *testing.T) {
	w, admin := start(t, emulator.Options{})
	admin.get(scimAPI + "Me")
	w.Inject(emulator.Fault{DropBefore: true})
	if _, err := admin.send("GET", scimAPI+"Me", ""); err == nil {
		t.Error("the broken connection caused no error")
	}
	if got := w.Count("GET", scimAPI+"Me"); got != 2 {
		t.Errorf("%d calls, want 2", got)
	}
}

func TestFaultMatching(t *testing.T) {
	w, admin := start(t, emulator.Options{})
	get := func(id string) int { return admin.get(experimentsAPI + "get?experiment_id=" + id).status }
	check := func(fact string, got, want int) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %d, want %d", fact, got, want)
		}
	}
	w.Inject(emulator.Fault{Method: "GET", Path: experimentsAPI + "get", Skip: 1, Times: 2, Status: 500})
	w.Inject(emulator.Fault{Path: experimentsAPI + "get", Status: 418})
	check("POST is not GET", admin.post(experimentsAPI+"search", object{}).status, 200)
	check("the skipped call is hit by the next fault", get("1"), 418)
	check("first time", get("1"), 500)
	check("faults left", w.RemainingFaults(), 1)
	check("second time", get("1"), 500)
	check("faults left", w.RemainingFaults(), 0)
	check("used up", get("1"), 404)

	w.Inject(emulator.Fault{Query: "experiment_id=7", Times: -1, Status: 500})
	check("another query", get("1"), 404)
	for range 3 {
		check("for ever", get("7"), 500)
	}
	check("one for ever is always left", w.RemainingFaults(), 1)
	w.ClearFaults()
	check("cleared", get("7"), 404)

	w.Inject(emulator.Fault{Body: `"key":"team"`, Status: 429, Header: map[string]string{"Retry-After": "3"}})
	id := admin.create("/Shared/x")
	set := func(key string) response {
		return admin.post(experimentsAPI+"set-experiment-tag", object{"experiment_id": id, "key": key, "value": "v"})
	}
	check("another body", set("stage").status, 200)
	if a := set("team"); a.status != 429 || a.header.Get("Retry-After") != "3" {
		t.Errorf("%d %v", a.status, a.header)
	}
}

func TestFaults_canceledWhileDelayed(t *testing.T) {
	w, admin := start(t, emulator.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w.Inject(emulator.Fault{Delay: time.Hour})
	w.Before("", "", func(*http.Request) { cancel() })
	r, err := http.NewRequestWithContext(ctx, "POST", admin.base+experimentsAPI+"create", strings.NewReader(`{"name":"/Shared/x"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+emulator.AdminToken)
	if response, err := admin.http.Do(r); err == nil {
		response.Body.Close()
		t.Error("the request got a response")
	}
	if _, ok := w.ExperimentByName("/Shared/x"); ok {
		t.Error("a canceled request had an effect")
	}
}

func TestHooks(t *testing.T) {
	w, admin := start(t, emulator.Options{})
	seen := ""
	w.Before("POST", experimentsAPI+"create", func(r *http.Request) {
		var body struct{ Name string }
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		seen = body.Name
		w.CreateExperiment(emulator.OtherUser, "/Shared/x", nil) // a concurrent request
	})
	admin.get(scimAPI + "Me")
	if seen != "" {
		t.Error("the hook ran before another request")
	}
	admin.post(experimentsAPI+"create", object{"name": "/Shared/x"}).wantError(t, 400, "RESOURCE_ALREADY_EXISTS", "")
	if seen != "/Shared/x" {
		t.Errorf("the hook saw %q", seen)
	}
}

func TestJournal(t *testing.T) {
	var lines bytes.Buffer
	now := newClock()
	w, admin := start(t, emulator.Options{Journal: &lines, Now: now.Now})
	admin.do("POST", experimentsAPI+"search?q=1", object{"max_results": 5}, "User-Agent", "test/1", "X-Own", "yes")
	admin.as("made-up").get(experimentsAPI + "get?experiment_id=1")
	calls := w.Journal()
	if len(calls) != 2 {
		t.Fatalf("journal: got %+v", calls)
	}
	c := calls[0]
	if c.Method != "POST" || c.Path != experimentsAPI+"search" || c.Query != "q=1" || c.Body != `{"max_results":5}` ||
		c.Principal != emulator.Admin || c.UserAgent != "test/1" || c.Status != 200 || c.Header.Get("X-Own") != "yes" {
		t.Errorf("call: got %+v", c)
	}
	if c.Header.Get("Authorization") != "" || strings.Contains(lines.String(), emulator.AdminToken) {
		t.Error("the token is in the journal")
	}
	if c := calls[1]; c.Principal != "" || c.Status != 403 {
		t.Errorf("call with a bad token: got %+v", c)
	}
	for _, count := range []struct {
		method, pattern string
		want            int
	}{{"", "", 2}, {"GET", "", 1}, {"", experimentsAPI + "*", 2}, {"POST", experimentsAPI + "get", 0}, {"", "/api/*", 0}} {
		if got := w.Count(count.method, count.pattern); got != count.want {
			t.Errorf("Count(%q, %q) = %d, want %d", count.method, count.pattern, got, count.want)
		}
	}
	var line struct {
		Method, Path, Principal string
		Status                  int
	}
	if err := json.NewDecoder(&lines).Decode(&line); err != nil || line.Method != "POST" || line.Status != 200 ||
		line.Principal != emulator.Admin {
		t.Errorf("first line: got %+v, %v", line, err)
	}
	w.ResetJournal()
	if len(w.Journal()) != 0 || len(calls) != 2 {
		t.Error("ResetJournal did not clear the journal, or changed the returned slice")
	}
}

func TestConcurrentUse(t *testing.T) {
	w, admin := start(t, emulator.Options{})
	const people, each = 8, 10
	var all sync.WaitGroup
	var names atomic.Int64
	for range people {
		all.Go(func() {
			for range each {
				id := w.CreateExperiment(emulator.Admin, fmt.Sprint("/Shared/many/", names.Add(1)), nil)
				_, err := admin.send("GET", experimentsAPI+"get?experiment_id="+id, "")
				if _, failed := admin.send("POST", experimentsAPI+"set-experiment-tag",
					`{"experiment_id":"`+id+`","key":"k","value":"v"}`); err != nil || failed != nil {
					t.Error(err, failed)
				}
				w.Journal()
			}
		})
	}
	all.Wait()
	if got := w.Count("", ""); got != 2*people*each {
		t.Errorf("%d calls, want %d", got, 2*people*each)
	}
	for _, e := range w.Experiments() {
		if _, ok := e.Tag("k"); !ok {
			t.Errorf("%s lost its tag", e.Name)
		}
	}
}

// searchOnce runs a search without a network.
func searchOnce(tb testing.TB, w *emulator.Workspace, body string) {
	r := httptest.NewRequestWithContext(tb.Context(), "POST", experimentsAPI+"search", strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+emulator.AdminToken)
	recorder := httptest.NewRecorder()
	w.ServeHTTP(recorder, r)
	if recorder.Code != http.StatusOK {
		tb.Fatal(recorder.Body)
	}
}
