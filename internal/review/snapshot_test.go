package review

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func mustSnapshot(t *testing.T, r Review) []byte {
	t.Helper()
	text, err := Snapshot(r)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestSnapshot(t *testing.T) {
	t.Parallel()
	r := Review{
		Server: "https://mlflow.example.com", Workspace: "risk", Caller: "root", DefaultLevel: "CAN_READ",
		Experiments: []Experiment{
			{ID: "2", Name: "/Projects/<none>", Owner: "ana"},
			{ID: "1", Name: "/Projects/churn", LastUpdated: "2026-11-25T12:00:00Z", Tags: map[string]string{"a": "b"}},
		},
		Grants: []Grant{
			{
				ExperimentID: "1", Experiment: "/Projects/churn", Kind: KindServicePrincipal, Principal: "6f1c", DisplayName: "deployer",
				Level:     "CAN_RUN",
				Inherited: true, InheritedFrom: "/Projects", InheritedFromID: "/directories/7", Effective: true,
			},
			{ExperimentID: "1", Experiment: "/Projects/churn", Kind: KindGroup, Principal: "risk", Level: "CAN_READ"},
		},
		Unreadable: []Unreadable{{"3", "/Projects/nb", "It is a notebook."}},
	}
	const want = `{
"version": 1,
"server": "https://mlflow.example.com",
"workspace": "risk",
"default_level": "CAN_READ",
"experiments": [
  {"id":"2","name":"/Projects/<none>","grants":[]},
  {"id":"1","name":"/Projects/churn","grants":[
    {"kind":"group","principal":"risk","level":"CAN_READ","inherited":false},
    {"kind":"service_principal","principal":"6f1c","display_name":"deployer","level":"CAN_RUN","inherited":true,` +
		`"inherited_from":"/Projects","inherited_from_id":"/directories/7","effective":true}]}
],
"unreadable": [
  {"id":"3","name":"/Projects/nb","reason":"It is a notebook."}
]
}
`
	text := mustSnapshot(t, r)
	if string(text) != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
	parsed, err := ParseSnapshot(text)
	if err != nil {
		t.Fatal(err)
	}
	r.Caller, r.Experiments = "", []Experiment{{ID: "2", Name: "/Projects/<none>"}, {ID: "1", Name: "/Projects/churn"}}
	slices.Reverse(r.Grants)
	if !reflect.DeepEqual(parsed, r) {
		t.Errorf("got\n%+v\nwant\n%+v", parsed, r)
	}
}

func TestSnapshot_empty(t *testing.T) {
	t.Parallel()
	text := mustSnapshot(t, Review{})
	if r, err := ParseSnapshot(text); err != nil || !reflect.DeepEqual(r, Review{}) {
		t.Errorf("%s: got %+v (%v), want an empty review", text, r, err)
	}
}

func TestSnapshot_invalidText(t *testing.T) {
	t.Parallel()
	for i, r := range []Review{
		{Server: "\xff"}, {Grants: []Grant{{Principal: "a\xff"}}}, {Experiments: []Experiment{{Name: "\xff"}}},
		{Unreadable: []Unreadable{{Reason: "\xff"}}},
	} {
		if _, err := Snapshot(r); err == nil || !strings.Contains(err.Error(), `Could not write snapshot: "`) {
			t.Errorf("review %d: got error %v, want invalid UTF-8", i, err)
		}
	}
}

func TestParseSnapshot_errors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "it is not the JSON of a snapshot: unexpected end of JSON input. Render it again with the " +
			"function review_snapshot, and do not edit it",
		"null":                              "it has no version, so it is not a snapshot. Render it again",
		"[]":                                "it is not the JSON of a snapshot: json: cannot unmarshal array",
		"{}":                                "it has no version",
		`{"version": 1} x`:                  "it is not the JSON of a snapshot: invalid character 'x'",
		`{"version": 2, "more": 1}`:         "its version 2 is newer than version 1, which this provider supports. Upgrade the provider",
		`{"version": 0}`:                    "its version 0 does not exist. Render it again",
		`{"version": 1, "grants": []}`:      `json: unknown field "grants". Render it again`,
		`{"version": 1, "experiments": {}}`: "cannot unmarshal object",
		"{\n<<<<<<< HEAD\n\"version\": 1\n=======\n>>>>>>> main\n}": "it contains a " +
			"merge conflict. Render it again",
		`{"version": 1, "experiments": [{"name": "/e", "grants": [{"kind": "user", "principal": "", "level": "x"}]}]}`: "grant 1 of " +
			`experiment "/e" has no kind, principal, or level. Render it again`,
	} {
		if _, err := ParseSnapshot([]byte(text)); err == nil || !strings.HasPrefix(err.Error(), "Could not read snapshot: ") ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%q: got error %v, want %q", text, err, want)
		}
	}
}

// checkSnapshot checks invariants of the snapshot of any review: it does not depend on the order or on duplicates, and parsing it is
// lossless.
func checkSnapshot(t *testing.T, r Review) {
	t.Helper()
	text, err := Snapshot(r)
	if err != nil {
		return
	}
	shuffled := shuffle(1, r)
	shuffled.Grants, shuffled.Unreadable = slices.Concat(shuffled.Grants, r.Grants), slices.Concat(shuffled.Unreadable, r.Unreadable)
	shuffled.Caller = "ana"
	if again := mustSnapshot(t, shuffled); !bytes.Equal(again, text) {
		t.Fatalf("got in another order\n%s\nwant\n%s", again, text)
	}
	parsed, err := ParseSnapshot(text)
	if err != nil {
		if !strings.Contains(err.Error(), "has no kind, principal, or level") {
			t.Fatal(err)
		}
		return
	}
	if again := mustSnapshot(t, parsed); !bytes.Equal(again, text) {
		t.Fatalf("got from the parsed snapshot\n%s\nwant\n%s", again, text)
	}
	if texts := changeTexts(Diff(r, parsed)); texts != nil {
		t.Fatalf("got changes %q between a review and its snapshot, want none", texts)
	}
}

func TestSnapshot_properties(t *testing.T) {
	t.Parallel()
	for seed := range uint64(500) {
		r := inconsistentReview(seed)
		checkSnapshot(t, r)
	}
	checkSnapshot(t, Review{Grants: hostileGrants()})
}

func FuzzSnapshot(f *testing.F) {
	f.Add(strings.Join(hostileNames, "\n"))
	f.Fuzz(func(t *testing.T, text string) {
		r, _ := hostileReview(text)
		checkSnapshot(t, r)
	})
}

func FuzzParseSnapshot(f *testing.F) {
	for _, r := range []Review{{}, {Grants: exampleGrants()},
		{Grants: hostileGrants(), Unreadable: []Unreadable{{"1", "/e", "Because."}}}} {
		text, _ := Snapshot(r)
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := ParseSnapshot(text)
		if err == nil {
			checkSnapshot(t, r)
			return
		}
		if !strings.HasPrefix(err.Error(), "Could not read snapshot: ") || utf8.Valid(text) && !utf8.ValidString(err.Error()) {
			t.Fatalf("got error %v, want the summary and valid UTF-8", err)
		}
	})
}
