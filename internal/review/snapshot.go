package review

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"unicode/utf8"
)

// snapshotVersion is the version of the format that [Snapshot] writes.
const snapshotVersion = 1

// snapshot is the JSON of a snapshot.
type snapshot struct {
	Version      int                  `json:"version"`
	Server       string               `json:"server"`
	Workspace    string               `json:"workspace"`
	DefaultLevel string               `json:"default_level"`
	Experiments  []snapshotExperiment `json:"experiments"`
	Unreadable   []snapshotUnreadable `json:"unreadable"`
}

type snapshotExperiment struct {
	ID     string          `json:"id"`
	Name   string          `json:"name"`
	Grants []snapshotGrant `json:"grants"`
}

type snapshotGrant struct {
	Kind            string `json:"kind"`
	Principal       string `json:"principal"`
	DisplayName     string `json:"display_name,omitempty"`
	Level           string `json:"level"`
	Inherited       bool   `json:"inherited"`
	InheritedFrom   string `json:"inherited_from,omitempty"`
	InheritedFromID string `json:"inherited_from_id,omitempty"`
	Effective       bool   `json:"effective,omitempty"`
}

type snapshotUnreadable struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

// Snapshot returns a review as JSON to keep in version control and to compare with [Diff]. The result does not depend on the order of the
// review, and every experiment and every grant is on its own line. Dates, owners, tags, and the caller are not included, because they
// change independently of the grants. It returns an error if a text is not valid UTF-8, which JSON cannot contain.
func Snapshot(r Review) ([]byte, error) {
	if err := checkUTF8(r); err != nil {
		return nil, err
	}
	b := &snapshotWriter{}
	b.text("{\n\"version\": ").value(snapshotVersion)
	b.text(",\n\"server\": ").value(r.Server).text(",\n\"workspace\": ").value(r.Workspace)
	b.text(",\n\"default_level\": ").value(r.DefaultLevel)
	b.text(",\n\"experiments\": [")
	for i, e := range groupByExperiment(r) {
		b.item(i, "  ").text(`{"id":`).value(e.ID).text(`,"name":`).value(e.Name).text(`,"grants":[`)
		for i, g := range e.grants {
			b.item(i, "    ").value(snapshotGrant{
				g.Kind, g.Principal, g.DisplayName, g.Level, g.Inherited, g.InheritedFrom, g.InheritedFromID, g.Effective,
			})
		}
		b.text("]}")
	}
	b.text("\n],\n\"unreadable\": [")
	for i, u := range sortedUnreadable(r.Unreadable) {
		b.item(i, "  ").value(snapshotUnreadable{u.ExperimentID, u.Experiment, u.Reason})
	}
	b.text("\n]\n}\n")
	return b.Bytes(), b.err
}

// sortedUnreadable sorts by experiment and removes duplicates.
func sortedUnreadable(unreadable []Unreadable) []Unreadable {
	sorted := slices.SortedFunc(slices.Values(unreadable), func(a, b Unreadable) int {
		return cmp.Or(cmp.Compare(a.Experiment, b.Experiment), cmp.Compare(a.ExperimentID, b.ExperimentID), cmp.Compare(a.Reason, b.Reason))
	})
	return slices.Compact(sorted)
}

// snapshotWriter writes JSON with the line breaks of a snapshot. It keeps the first error.
type snapshotWriter struct {
	bytes.Buffer
	err error
}

func (w *snapshotWriter) text(text string) *snapshotWriter {
	w.WriteString(text)
	return w
}

// item begins an element of a list on a new line.
func (w *snapshotWriter) item(i int, indent string) *snapshotWriter {
	if i > 0 {
		w.WriteByte(',')
	}
	return w.text("\n" + indent)
}

// value writes a string, a number, or an object on one line.
func (w *snapshotWriter) value(value any) *snapshotWriter {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil && w.err == nil {
		w.err = fmt.Errorf("Could not write snapshot: %w", err)
	}
	w.Truncate(w.Len() - 1) // without the line break
	return w
}

// checkUTF8 returns an error if a text of the review is not valid UTF-8.
func checkUTF8(r Review) error {
	texts := []string{r.Server, r.Workspace, r.DefaultLevel}
	for _, e := range r.Experiments {
		texts = append(texts, e.ID, e.Name)
	}
	for _, g := range r.Grants {
		texts = append(texts, g.ExperimentID, g.Experiment, g.Kind, g.Principal, g.DisplayName, g.Level, g.InheritedFrom, g.InheritedFromID)
	}
	for _, u := range r.Unreadable {
		texts = append(texts, u.ExperimentID, u.Experiment, u.Reason)
	}
	for _, text := range texts {
		if !utf8.ValidString(text) {
			return fmt.Errorf("Could not write snapshot: %q is not valid UTF-8. "+
				"Rename the experiment or principal, or exclude it from the review", text)
		}
	}
	return nil
}

// ParseSnapshot parses the result of [Snapshot]. It returns an error, with advice, if the data is not a snapshot, has a newer version, or
// contains a grant without a kind, principal, or level.
func ParseSnapshot(data []byte) (Review, error) {
	var s snapshot
	if err := decodeSnapshot(data, &s); err != nil {
		return Review{}, fmt.Errorf("Could not read snapshot: %w", err)
	}
	r := Review{Server: s.Server, Workspace: s.Workspace, DefaultLevel: s.DefaultLevel}
	for _, e := range s.Experiments {
		r.Experiments = append(r.Experiments, Experiment{ID: e.ID, Name: e.Name})
		for i, g := range e.Grants {
			if g.Kind == "" || g.Principal == "" || g.Level == "" {
				return Review{}, fmt.Errorf("Could not read snapshot: grant %d of experiment %q has no kind, principal, or level. %s",
					i+1, e.Name, renderAgain)
			}
			r.Grants = append(r.Grants, Grant{
				Experiment: e.Name, ExperimentID: e.ID, Kind: g.Kind, Principal: g.Principal, DisplayName: g.DisplayName, Level: g.Level,
				Inherited: g.Inherited, InheritedFrom: g.InheritedFrom, InheritedFromID: g.InheritedFromID, Effective: g.Effective,
			})
		}
	}
	for _, u := range s.Unreadable {
		r.Unreadable = append(r.Unreadable, Unreadable{ExperimentID: u.ID, Experiment: u.Name, Reason: u.Reason})
	}
	return r, nil
}

// renderAgain is the advice in errors about an invalid snapshot.
const renderAgain = "Render it again with the function review_snapshot, and do not edit it"

// decodeSnapshot decodes the JSON of a snapshot of the current version.
func decodeSnapshot(data []byte, s *snapshot) error {
	if bytes.Contains(data, []byte("<<<<<<< ")) && bytes.Contains(data, []byte("\n>>>>>>> ")) {
		return fmt.Errorf("it contains a merge conflict. %s", renderAgain)
	}
	var head struct{ Version *int }
	if err := json.Unmarshal(data, &head); err != nil {
		return fmt.Errorf("it is not the JSON of a snapshot: %w. %s", err, renderAgain)
	}
	switch {
	case head.Version == nil:
		return fmt.Errorf("it has no version, so it is not a snapshot. %s", renderAgain)
	case *head.Version > snapshotVersion:
		return fmt.Errorf("its version %d is newer than version %d, which this provider supports. Upgrade the provider",
			*head.Version, snapshotVersion)
	case *head.Version != snapshotVersion:
		return fmt.Errorf("its version %d does not exist. %s", *head.Version, renderAgain)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(s); err != nil {
		return fmt.Errorf("%w. %s", err, renderAgain)
	}
	return nil
}
