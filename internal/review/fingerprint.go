package review

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
)

// fingerprintDigits is the number of digits of the hash in a fingerprint: enough to resist a search for another grant with the same
// fingerprint.
const fingerprintDigits = 24

// Fingerprint identifies a grant by the ID of its experiment (or the name if it has no ID), its principal, and the object that it is
// inherited from, if any. It does not depend on the level, or on the name of an experiment that has an ID. It is "f" and 24 hexadecimal
// digits, so that no spreadsheet reads it as a number.
func Fingerprint(g Grant) string {
	key := keyOf(g.ExperimentID, g.Experiment)
	parts := []string{key.id, key.name, g.Kind, g.Principal, strconv.FormatBool(g.Inherited)}
	if g.Inherited {
		parts = append(parts, g.origin())
	}
	var b strings.Builder
	for _, part := range parts { // with its length, so that different parts never result in the same text
		b.WriteString(strconv.Itoa(len(part)))
		b.WriteByte(':')
		b.WriteString(part)
	}
	hash := sha256.Sum256([]byte(b.String()))
	return "f" + hex.EncodeToString(hash[:fingerprintDigits/2])
}

// fingerprints returns every grant of a review once, with its fingerprint, sorted by experiment and principal.
func fingerprints(r Review) []DecidedGrant {
	var all []DecidedGrant
	for _, e := range groupByExperiment(r) {
		for _, g := range e.grants {
			all = append(all, DecidedGrant{Fingerprint: Fingerprint(g), Grant: g})
		}
	}
	return all
}
