package review

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The values of Decision in a [Decision].
const (
	DecisionApprove = "approve"
	DecisionRevoke  = "revoke"
	DecisionDefer   = "defer"
)

// Decision is the decision of a reviewer about a grant.
type Decision struct {
	// Fingerprint is that of the grant. See [Fingerprint].
	Fingerprint string
	// Level is the level of the grant at the time of the decision.
	Level string
	// Decision is [DecisionApprove], [DecisionRevoke], or [DecisionDefer]. If it is empty, there is no decision.
	Decision string
	Reviewer string
	Reason   string
	// Until is the last day on which the decision is valid, as YYYY-MM-DD. It is empty if the decision does not expire.
	Until string
}

// DecidedGrant is a grant with its fingerprint and the decision about it.
type DecidedGrant struct {
	Fingerprint string
	Grant       Grant
	// Decision is the zero value if there is none.
	Decision Decision
}

// Decisions is the result of applying decisions to a review. Every grant is in exactly one of the lists Undecided, Approved, Revoked,
// Deferred, Expired, and Stale. All lists are sorted by experiment and principal.
type Decisions struct {
	Undecided []DecidedGrant
	Approved  []DecidedGrant
	// Revoked are grants that the review still contains although the decision is to revoke them.
	Revoked  []DecidedGrant
	Deferred []DecidedGrant
	// Expired are approved or deferred grants after the last day of the decision.
	Expired []DecidedGrant
	// Stale are grants with a level that the decision does not cover, for example because it was raised.
	Stale []DecidedGrant
	// Unmatched are decisions that apply to none of the grants, sorted by fingerprint and level.
	Unmatched []Decision
	Counts    DecisionCounts
}

// DecisionCounts are the lengths of the lists of [Decisions]. Grants is the sum of all others except Unmatched.
type DecisionCounts struct {
	Grants, Undecided, Approved, Revoked, Deferred, Expired, Stale, Unmatched int
}

// maxProblems is the maximum number of problems that the error of [Decide] lists.
const maxProblems = 10

// Decide applies decisions to the grants of a review. The decision with the fingerprint and the level of a grant applies to it. If there is
// none, the only decision with the fingerprint and a higher level applies, unless another one revokes a lower level: a lowered level does
// not require a new decision. If no decision with the fingerprint applies, the grant is stale. Until is inclusive, and compared with the
// date of today in its time zone. Decisions to revoke do not expire.
//
// It returns an error if a decision is invalid, or if two decisions have the same fingerprint and level. The error lists the first 10,
// and how to correct them.
func Decide(r Review, decisions []Decision, today time.Time) (Decisions, error) {
	byFingerprint, err := validateDecisions(decisions)
	if err != nil {
		return Decisions{}, err
	}
	var result Decisions
	applied := map[grantKey]bool{}
	lines := fingerprints(r)
	for _, decided := range lines {
		candidates := byFingerprint[decided.Fingerprint]
		if len(candidates) == 0 {
			result.Undecided = append(result.Undecided, decided)
			continue
		}
		d, found := findDecision(candidates, decided.Grant.Level)
		decided.Decision = d.Decision
		applied[d.key()] = true
		list := &result.Stale
		switch {
		case !found:
		case d.Decision.Decision == DecisionRevoke:
			list = &result.Revoked
		case !d.until.IsZero() && d.until.Before(dayOf(today)):
			list = &result.Expired
		case d.Decision.Decision == DecisionDefer:
			list = &result.Deferred
		default:
			list = &result.Approved
		}
		*list = append(*list, decided)
	}
	for _, candidates := range byFingerprint {
		for _, d := range candidates {
			if !applied[d.key()] {
				result.Unmatched = append(result.Unmatched, d.Decision)
			}
		}
	}
	slices.SortFunc(result.Unmatched, func(a, b Decision) int {
		return cmp.Or(cmp.Compare(a.Fingerprint, b.Fingerprint), compareLevels(a.Level, b.Level))
	})
	result.Counts = DecisionCounts{
		Grants: len(lines), Undecided: len(result.Undecided), Approved: len(result.Approved), Revoked: len(result.Revoked),
		Deferred: len(result.Deferred), Expired: len(result.Expired), Stale: len(result.Stale),
		Unmatched: len(result.Unmatched),
	}
	return result, nil
}

// validDecision is a valid decision.
type validDecision struct {
	Decision

	// until is zero if the decision does not expire.
	until time.Time
}

// grantKey identifies a grant with its level.
type grantKey struct{ fingerprint, level string }

func (d validDecision) key() grantKey { return grantKey{d.Fingerprint, d.Level} }

// findDecision returns the decision that applies to a grant with a level. If none applies, it returns the one with the highest level.
func findDecision(candidates []validDecision, level string) (chosen validDecision, found bool) {
	covering := 0
	for _, d := range candidates {
		if d.Level == level {
			return d, true
		}
		if includesLevel(d.Level, level) {
			chosen = d
			covering++
		}
	}
	revoked := slices.ContainsFunc(candidates, func(d validDecision) bool { // a raised grant needs a new decision
		return d.Decision.Decision == DecisionRevoke && includesLevel(level, d.Level)
	})
	if covering == 1 && (!revoked || chosen.Decision.Decision == DecisionRevoke) {
		return chosen, true
	}
	return slices.MinFunc(candidates, func(a, b validDecision) int { return compareLevels(a.Level, b.Level) }), false
}

// validateDecisions returns the valid decisions by fingerprint. It ignores lines without a decision.
func validateDecisions(decisions []Decision) (map[string][]validDecision, error) {
	byFingerprint := map[string][]validDecision{}
	first := map[grantKey]int{}
	var problems []string
	for i, d := range decisions {
		checked, problem := validateDecision(d)
		if problem == "" && checked.Decision.Decision == "" {
			continue
		}
		if earlier, twice := first[checked.key()]; problem == "" && twice {
			problem = fmt.Sprintf("has the same fingerprint and level as decision %d. Remove one of them", earlier)
		}
		if problem != "" {
			problems = append(problems, fmt.Sprintf("decision %d (fingerprint %q) %s.", i+1, checked.Fingerprint, problem))
			continue
		}
		first[checked.key()] = i + 1
		byFingerprint[checked.Fingerprint] = append(byFingerprint[checked.Fingerprint], checked)
	}
	if more := len(problems) - maxProblems; more > 0 {
		problems = append(problems[:maxProblems], fmt.Sprintf("%d more errors are not listed.", more))
	}
	if len(problems) > 0 {
		return nil, errors.New("Invalid decisions: " + strings.Join(problems, "\n"))
	}
	return byFingerprint, nil
}

// validateDecision returns a decision without spaces around its values. problem is empty if it is valid.
func validateDecision(d Decision) (checked validDecision, problem string) {
	for _, text := range []*string{&d.Fingerprint, &d.Level, &d.Decision, &d.Reviewer, &d.Reason, &d.Until} {
		*text = strings.TrimSpace(*text)
	}
	d.Decision = strings.ToLower(d.Decision)
	checked.Decision = d
	if d.Decision == "" {
		return checked, ""
	}
	if !slices.Contains([]string{DecisionApprove, DecisionRevoke, DecisionDefer}, d.Decision) {
		return checked, fmt.Sprintf("is %q. Use approve, revoke, or defer, or leave it empty if there is no decision", d.Decision)
	}
	if d.Fingerprint == "" || d.Level == "" {
		return checked, "has no fingerprint or no level. Copy both from the line of the grant"
	}
	if d.Until == "" {
		return checked, ""
	}
	until, err := ParseDate(d.Until)
	if err != nil {
		return checked, fmt.Sprintf("has an invalid date %q in until. Use YYYY-MM-DD, for example 2026-12-31", d.Until)
	}
	checked.until = until
	return checked, ""
}
