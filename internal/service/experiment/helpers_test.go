package experiment_test

import "strings"

// withID replaces ID in an expected text by an experiment ID. In messages, (ID) stands for the ID after a name.
func withID(text, id string) string {
	return strings.NewReplacer("(ID)", "(ID "+id+")", "ID", id).Replace(text)
}
