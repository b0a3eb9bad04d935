package experiment_test

import "strings"

// withID replaces (ID) and the other placeholders ID in an expected text with an experiment ID.
func withID(text, id string) string {
	return strings.NewReplacer("(ID)", "(ID "+id+")", "ID", id).Replace(text)
}
