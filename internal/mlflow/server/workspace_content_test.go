package server

import "testing"

func TestWorkspaceContent_String(t *testing.T) {
	t.Parallel()
	a, many := []string{"a"}, []string{"a", "b", "c"}
	for want, c := range map[string]WorkspaceContent{
		"":                      {},
		`1 experiment ("a")`:    {Active: 1, Names: a},
		"2 deleted experiments": {Deleted: 2},
		"1 registered model":    {Models: 1},
		`4 experiments ("a", "b", "c", …) and 1 prompt`: {Active: 4, Names: many, Prompts: 1},
		`at least 1000 experiments ("a", …), 1 deleted experiment, 2 registered models, and 3 prompts`: {
			Active: 1000, Names: a, Deleted: 1, Models: 2, Prompts: 3, More: true,
		},
	} {
		if got := c.String(); got != want || c.IsEmpty() != (want == "") {
			t.Errorf("%+v: got %q, want %q", c, got, want)
		}
	}
}
