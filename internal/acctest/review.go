package acctest

import (
	"fmt"
)

// ReviewedGrant is a grant of a review, in short: "EXPERIMENT KIND PRINCIPAL LEVEL direct" or "… inherited".
type ReviewedGrant struct{ Grant, Path string }

// ObjectsOf returns the objects in a list that [Provider.Decode] returned.
func ObjectsOf(list any) []map[string]any {
	var found []map[string]any
	elements, _ := list.([]any)
	for _, e := range elements {
		if o, ok := e.(map[string]any); ok {
			found = append(found, o)
		}
	}
	return found
}

// IsTrue reports whether a value that [Provider.Decode] returned, which does not convert Booleans, is true.
func IsTrue(value any) bool { return fmt.Sprint(value) == `tftypes.Bool<"true">` }

// Unreadable returns the experiment kinds and reasons in unreadable of a review, by experiment name.
func Unreadable(state map[string]any) map[string]string {
	reasons := map[string]string{}
	for _, u := range ObjectsOf(state["unreadable"]) {
		reasons[fmt.Sprint(u["experiment_name"])] = fmt.Sprintf("%s: %s", u["experiment_kind"], u["reason"])
	}
	return reasons
}
