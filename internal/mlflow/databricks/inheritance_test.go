package databricks

import (
	"maps"
	"slices"
	"testing"
)

// inheriting is an experiment with the folders that it inherits from.
type inheriting struct {
	name    string
	folders []string
}

func inheritanceOf(experiments ...inheriting) *inheritance {
	objects := map[string]map[string]bool{}
	for _, e := range experiments {
		objects[e.name] = map[string]bool{}
		for _, id := range e.folders {
			objects[e.name][id] = true
		}
	}
	return newInheritance(objects)
}

// The path of most folders is certain without a lookup.
func TestInheritance_withoutLookups(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		experiments []inheriting
		want        map[string]string
	}{
		"none":            {nil, nil},
		"nothing":         {[]inheriting{{"/a/x", nil}}, nil},
		"not in a folder": {[]inheriting{{"free text", []string{"1"}}, {"/x", []string{"2"}}}, nil},
		"one":             {[]inheriting{{"/a/x", []string{"1"}}}, map[string]string{"1": "/a"}},
		"siblings": {
			[]inheriting{{"/a/b/x", []string{"1"}}, {"/a/b/y", []string{"1"}}, {"/a/c/x", []string{"2"}}},
			map[string]string{"1": "/a/b", "2": "/a/c"},
		},
		"nested": {
			[]inheriting{{"/a/x", []string{"1"}}, {"/a/b/y", []string{"1", "2"}}},
			map[string]string{"1": "/a", "2": "/a/b"},
		},
		"what is taken leaves one for another": {
			[]inheriting{{"/a/b/x", []string{"1", "2"}}, {"/a/y", []string{"2"}}},
			map[string]string{"1": "/a/b", "2": "/a"},
		},
		// The grants of a folder changed during the review: its path remains unknown, because a guess could be wrong.
		"half": {[]inheriting{{"/a/b/x", []string{"1"}}, {"/a/b/y", nil}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := inheritanceOf(c.experiments...).paths(nil, MaxOriginLookups, func(folder string) (string, bool) {
				t.Errorf("%s is looked up", folder)
				return "", false
			})
			if !maps.Equal(got, c.want) {
				t.Errorf("the paths are %v, want %v", got, c.want)
			}
		})
	}
}

// Where several paths fit, few are looked up, and one that cannot be read leaves the others.
func TestInheritance_lookups(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		experiments []inheriting
		// there are the folders that can be read, by path.
		there map[string]string
		want  map[string]string
		// lookups are the paths that are looked up, in this order.
		lookups []string
	}{
		"one settles both": {
			[]inheriting{{"/a/b/x", []string{"1", "2"}}}, map[string]string{"/a/b": "1", "/a": "2"},
			map[string]string{"1": "/a/b", "2": "/a"}, []string{"/a/b"},
		},
		"the inner one cannot be read": {
			[]inheriting{{"/a/b/x", []string{"2"}}}, map[string]string{"/a": "2"}, map[string]string{"2": "/a"}, []string{"/a/b", "/a"},
		},
		"none can be read": {[]inheriting{{"/a/b/x", []string{"2"}}}, nil, nil, []string{"/a/b", "/a"}},
		"the inner one grants nothing": {
			[]inheriting{{"/a/b/x", []string{"2"}}}, map[string]string{"/a/b": "1", "/a": "2"},
			map[string]string{"1": "/a/b", "2": "/a"}, []string{"/a/b"},
		},
		"one that most folders can be": {
			[]inheriting{{"/a/b/x", []string{"1", "2"}}, {"/c/d/e/y", []string{"3"}}},
			map[string]string{"/a/b": "1", "/a": "2", "/c/d/e": "4", "/c/d": "5", "/c": "3"},
			map[string]string{"1": "/a/b", "2": "/a", "3": "/c", "4": "/c/d/e", "5": "/c/d"}, []string{"/a/b", "/c/d/e", "/c/d"},
		},
		"the bound": {
			[]inheriting{{"/a/b/c/d/e/f/g/x", []string{"1"}}}, map[string]string{"/a": "1"},
			nil, []string{"/a/b/c/d/e/f/g", "/a/b/c/d/e/f", "/a/b/c/d/e", "/a/b/c/d", "/a/b/c"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var lookups []string
			got := inheritanceOf(c.experiments...).paths(nil, MaxOriginLookups, func(folder string) (string, bool) {
				lookups = append(lookups, folder)
				id, ok := c.there[folder]
				return id, ok
			})
			if !maps.Equal(got, c.want) || !slices.Equal(lookups, c.lookups) {
				t.Errorf("the paths are %v after lookups of %q, want %v after %q", got, lookups, c.want, c.lookups)
			}
			if len(lookups) > MaxOriginLookups {
				t.Errorf("%d folders are looked up", len(lookups))
			}
		})
	}
}

// What the run knows needs no lookup, and leaves less to choose from.
func TestInheritance_known(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		experiments []inheriting
		known       map[string]string
		want        map[string]string
	}{
		"the folder itself":                {[]inheriting{{"/a/b/c/x", []string{"1"}}}, map[string]string{"1": "/a/b"}, map[string]string{"1": "/a/b"}},
		"one of two":                       {[]inheriting{{"/a/b/x", []string{"1", "2"}}}, map[string]string{"2": "/a"}, map[string]string{"1": "/a/b", "2": "/a"}},
		"a folder without grants":          {[]inheriting{{"/a/b/x", []string{"2"}}}, map[string]string{"1": "/a/b"}, map[string]string{"1": "/a/b", "2": "/a"}},
		"other folders":                    {[]inheriting{{"/a/x", []string{"1"}}}, map[string]string{"7": "/z", "8": "/a/y"}, map[string]string{"1": "/a"}},
		"half, which leaves no other path": {[]inheriting{{"/a/b/x", []string{"1"}}, {"/a/b/y", nil}}, map[string]string{"1": "/a/b"}, map[string]string{"1": "/a/b"}},
	} {
		got := inheritanceOf(c.experiments...).paths(c.known, MaxOriginLookups, func(folder string) (string, bool) {
			t.Errorf("%s: %s is looked up", name, folder)
			return "", false
		})
		if !maps.Equal(got, c.want) {
			t.Errorf("%s: the paths are %v, want %v", name, got, c.want)
		}
	}
}
