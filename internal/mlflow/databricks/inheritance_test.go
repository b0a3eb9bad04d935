package databricks

import (
	"maps"
	"slices"
	"testing"
)

// inheritingExperiment is an experiment with the folders from which it inherits.
type inheritingExperiment struct {
	name    string
	folders []string
}

func inheritanceOf(experiments ...inheritingExperiment) *inheritance {
	objects := map[string]map[string]bool{}
	for _, e := range experiments {
		objects[e.name] = map[string]bool{}
		for _, id := range e.folders {
			objects[e.name][id] = true
		}
	}
	return newInheritance(objects)
}

// TestInheritance_withoutLookups checks the folders whose paths are certain without a lookup.
func TestInheritance_withoutLookups(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		experiments []inheritingExperiment
		want        map[string]string
	}{
		"none":            {nil, nil},
		"no folder":       {[]inheritingExperiment{{"/a/x", nil}}, nil},
		"not in a folder": {[]inheritingExperiment{{"free text", []string{"1"}}, {"/x", []string{"2"}}}, nil},
		"one":             {[]inheritingExperiment{{"/a/x", []string{"1"}}}, map[string]string{"1": "/a"}},
		"siblings": {
			[]inheritingExperiment{{"/a/b/x", []string{"1"}}, {"/a/b/y", []string{"1"}}, {"/a/c/x", []string{"2"}}},
			map[string]string{"1": "/a/b", "2": "/a/c"},
		},
		"nested": {
			[]inheritingExperiment{{"/a/x", []string{"1"}}, {"/a/b/y", []string{"1", "2"}}},
			map[string]string{"1": "/a", "2": "/a/b"},
		},
		"a path of one folder excludes it for another": {
			[]inheritingExperiment{{"/a/b/x", []string{"1", "2"}}, {"/a/y", []string{"2"}}},
			map[string]string{"1": "/a/b", "2": "/a"},
		},
		// The grants of a folder changed during the review: its path remains unknown, because a guess could be wrong.
		"changed grants": {[]inheritingExperiment{{"/a/b/x", []string{"1"}}, {"/a/b/y", nil}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := inheritanceOf(c.experiments...).paths(nil, MaxOriginLookups, func(folder string) (string, bool) {
				t.Errorf("got a lookup of %s, want none", folder)
				return "", false
			})
			if !maps.Equal(got, c.want) {
				t.Errorf("got paths %v, want %v", got, c.want)
			}
		})
	}
}

// TestInheritance_lookups checks that few folders are looked up if several paths are possible, and that the others are looked up if one
// cannot be read.
func TestInheritance_lookups(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		experiments []inheritingExperiment
		// readable has the IDs of the folders that can be read, by path.
		readable map[string]string
		want     map[string]string
		// lookups are the paths that are looked up, in this order.
		lookups []string
	}{
		"one lookup for both": {
			[]inheritingExperiment{{"/a/b/x", []string{"1", "2"}}}, map[string]string{"/a/b": "1", "/a": "2"},
			map[string]string{"1": "/a/b", "2": "/a"}, []string{"/a/b"},
		},
		"the inner one cannot be read": {
			[]inheritingExperiment{{"/a/b/x", []string{"2"}}}, map[string]string{"/a": "2"}, map[string]string{"2": "/a"}, []string{"/a/b", "/a"},
		},
		"none can be read": {[]inheritingExperiment{{"/a/b/x", []string{"2"}}}, nil, nil, []string{"/a/b", "/a"}},
		"the inner one has no grants": {
			[]inheritingExperiment{{"/a/b/x", []string{"2"}}}, map[string]string{"/a/b": "1", "/a": "2"},
			map[string]string{"1": "/a/b", "2": "/a"}, []string{"/a/b"},
		},
		"the path of most candidates first": {
			[]inheritingExperiment{{"/a/b/x", []string{"1", "2"}}, {"/c/d/e/y", []string{"3"}}},
			map[string]string{"/a/b": "1", "/a": "2", "/c/d/e": "4", "/c/d": "5", "/c": "3"},
			map[string]string{"1": "/a/b", "2": "/a", "3": "/c", "4": "/c/d/e", "5": "/c/d"}, []string{"/a/b", "/c/d/e", "/c/d"},
		},
		"the maximum number of lookups": {
			[]inheritingExperiment{{"/a/b/c/d/e/f/g/x", []string{"1"}}}, map[string]string{"/a": "1"},
			nil, []string{"/a/b/c/d/e/f/g", "/a/b/c/d/e/f", "/a/b/c/d/e", "/a/b/c/d", "/a/b/c"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var lookups []string
			got := inheritanceOf(c.experiments...).paths(nil, MaxOriginLookups, func(folder string) (string, bool) {
				lookups = append(lookups, folder)
				id, ok := c.readable[folder]
				return id, ok
			})
			if !maps.Equal(got, c.want) || !slices.Equal(lookups, c.lookups) {
				t.Errorf("got paths %v after lookups of %q, want %v after %q", got, lookups, c.want, c.lookups)
			}
			if len(lookups) > MaxOriginLookups {
				t.Errorf("got %d lookups, want at most %d", len(lookups), MaxOriginLookups)
			}
		})
	}
}

// TestInheritance_known checks that known folders need no lookup, and exclude paths for other folders.
func TestInheritance_known(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		experiments []inheritingExperiment
		known       map[string]string
		want        map[string]string
	}{
		"the folder itself": {[]inheritingExperiment{{"/a/b/c/x", []string{"1"}}}, map[string]string{"1": "/a/b"},
			map[string]string{"1": "/a/b"}},
		"one of two": {[]inheritingExperiment{{"/a/b/x", []string{"1", "2"}}}, map[string]string{"2": "/a"},
			map[string]string{"1": "/a/b", "2": "/a"}},
		"a folder without grants": {[]inheritingExperiment{{"/a/b/x", []string{"2"}}}, map[string]string{"1": "/a/b"},
			map[string]string{"1": "/a/b", "2": "/a"}},
		"other folders": {[]inheritingExperiment{{"/a/x", []string{"1"}}}, map[string]string{"7": "/z", "8": "/a/y"},
			map[string]string{"1": "/a"}},
		"changed grants, known path": {[]inheritingExperiment{{"/a/b/x", []string{"1"}}, {"/a/b/y", nil}}, map[string]string{"1": "/a/b"},
			map[string]string{"1": "/a/b"}},
	} {
		got := inheritanceOf(c.experiments...).paths(c.known, MaxOriginLookups, func(folder string) (string, bool) {
			t.Errorf("%s: got a lookup of %s, want none", name, folder)
			return "", false
		})
		if !maps.Equal(got, c.want) {
			t.Errorf("%s: got paths %v, want %v", name, got, c.want)
		}
	}
}
