package review

import (
	"encoding/csv"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestMatrix_CSV(t *testing.T) {
	t.Parallel()
	r := Review{
		Grants: exampleGrants(), Experiments: []Experiment{{Name: "/Projects/churn"}, {ID: "9", Name: "/Projects/zero"}},
		Unreadable: []Unreadable{{Experiment: "/Projects/nb", Reason: "It is a notebook."}},
	}
	lines, err := csv.NewReader(strings.NewReader(NewMatrix(r).CSV())).ReadAll()
	want := [][]string{
		{"experiment", "experiment_id", "group admins", "group risk", "user ana@example.com", "service principal deployer (6f1c)"},
		{"/Projects/alpha", "", "CAN_MANAGE (inherited)", "", "", "CAN_EDIT"},
		{"/Projects/churn", "", "", "CAN_READ", "CAN_MANAGE (inherited)", ""},
		{"/Projects/zero", "9", "", "", "", ""},
		{"/Projects/nb", "unreadable: It is a notebook.", "", "", "", ""},
	}
	if err != nil || !reflect.DeepEqual(lines, want) {
		t.Errorf("got %q (%v), want %q", lines, err, want)
	}
}

func TestMatrix_hostileCSV(t *testing.T) {
	t.Parallel()
	lines, err := csv.NewReader(strings.NewReader(NewMatrix(Review{Grants: hostileGrants()}).CSV())).ReadAll()
	if err != nil || len(lines) != 1+len(hostileNames) {
		t.Fatalf("got %d lines (%v), want %d", len(lines), err, 1+len(hostileNames))
	}
	for _, line := range lines {
		for _, cell := range line {
			// With any separator, no part of a cell starts like a formula.
			for _, piece := range regexp.MustCompile("[;,|\t\r\n\u2028]").Split(cell, -1) {
				piece = strings.TrimLeftFunc(piece, func(r rune) bool { return r == '"' || !unicode.IsGraphic(r) || unicode.IsSpace(r) })
				if first, _ := utf8.DecodeRuneInString(piece); piece != "" && strings.ContainsRune("=+-@＝＋－＠", first) {
					t.Errorf("got cell %q, which a spreadsheet evaluates as a formula", cell)
				}
			}
		}
	}
}

func TestEscapeFormula(t *testing.T) {
	t.Parallel()
	for field, want := range map[string]string{
		"": "", "/Shared/churn": "/Shared/churn", "a=b": "a=b",
		"user ana+test@example.com": "user ana+test@example.com", "2026-11-25": "2026-11-25",
		"a; b": "a; b", "a, b-c": "a, b-c", "'=1": "'=1",
		"=1": "'=1", "+1": "'+1", "-1": "'-1", "@A1": "'@A1", "＝1": "'＝1", "＋1": "'＋1", "－1": "'－1", "＠A1": "'＠A1",
		"  =1": "  '=1", "\u00a0=1": "\u00a0'=1", "\u3000=1": "\u3000'=1", "\ufeff=1": "\ufeff'=1",
		"\u200b=1": "\u200b'=1", "\x00=1": "\x00'=1", "\"=1": "\"'=1",
		"\t=1": "\t'=1", "\r\n=1": "\r\n'=1", " \t=1": " \t'=1",
		"a;=1": "a;'=1", "a; +1": "a; '+1", "a;\"=1": "a;\"'=1", "a;;=1": "a;;'=1", "a,-1": "a,'-1", "a|@A1": "a|'@A1",
		"a\t=1": "a\t'=1", "a\n=1": "a\n'=1",
		"a\n\n =1": "a\n\n '=1", "a\r=1": "a\r'=1", "a\u2028=1": "a\u2028'=1", "a;＝1": "a;'＝1", "=1;=2": "'=1;'=2",
		"user x;=1": "user x;'=1",
	} {
		if got := escapeFormula(field); got != want {
			t.Errorf("%q: got %q, want %q", field, got, want)
		}
	}
}

// A spreadsheet with another separator splits no name into a formula.
func TestMatrix_quotesEveryCell(t *testing.T) {
	t.Parallel()
	got := NewMatrix(Review{Grants: []Grant{grantOf("a;=1+1", "user", "b\";=1+1;\"", "CAN_READ", false)}}).CSV()
	const want = `"experiment","experiment_id","user b"";'=1+1;""` + "\"\n" + `"a;'=1+1","","CAN_READ"` + "\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
