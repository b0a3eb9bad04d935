package acctest

// AttributeValues returns the attributes of name and value pairs.
func AttributeValues(nameValues ...any) map[string]any {
	values := map[string]any{}
	for i := 0; i+1 < len(nameValues); i += 2 {
		name, _ := nameValues[i].(string)
		values[name] = nameValues[i+1]
	}
	return values
}

// MapOfOne returns a map with one entry.
func MapOfOne(key, value string) map[string]string { return map[string]string{key: value} }

// ApplicationID is the application ID of a service principal.
const ApplicationID = "6f1c2a34-5b67-4c89-9d01-23456789abcd"
