package framework

import (
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// OrNull returns a string, null if it is empty: servers return an empty string for a value that is not set.
func OrNull(s string) types.String {
	if s == "" {
		return types.StringNull()
	}
	return types.StringValue(s)
}

// MapOrNull returns a map of strings, null if it is empty.
func MapOrNull(m map[string]string) types.Map {
	if len(m) == 0 {
		return types.MapNull(types.StringType)
	}
	return StringMapValue(m)
}
