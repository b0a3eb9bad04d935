package acctest

import (
	"fmt"
)

// ReviewedGrant is a grant of a review, in short: "EXPERIMENT KIND PRINCIPAL LEVEL direct" or "… inherited".
type ReviewedGrant struct{ Grant, Path string }

// ObjectsOf returns the objects in a decoded list.
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

// IsTrue reports whether a decoded value is true. Decode returns Booleans as values of tftypes.
func IsTrue(value any) bool { return fmt.Sprint(value) == `tftypes.Bool<"true">` }

// Unreadable returns the reasons in unreadable by experiment name.
func Unreadable(state map[string]any) map[string]string {
	reasons := map[string]string{}
	for _, u := range ObjectsOf(state["unreadable"]) {
		reasons[fmt.Sprint(u["experiment_name"])] = fmt.Sprintf("%s: %s", u["experiment_kind"], u["reason"])
	}
	return reasons
}
