package review

// The words of a [Decision].
const (
	DecisionApprove = "approve"
	DecisionRevoke  = "revoke"
	DecisionDefer   = "defer"
)

// Decision is what a reviewer decided about a grant.
type Decision struct {
	// Fingerprint is that of the grant. See [Fingerprint].
	Fingerprint string
	// Level is the level of the grant at the time of the decision.
	Level string
	// Decision is [DecisionApprove], [DecisionRevoke], or [DecisionDefer]. If it is empty, the grant is not decided.
	Decision string
	Reviewer string
	Reason   string
	// Until is the last day on which the decision is valid, as YYYY-MM-DD. It is empty if the decision does not expire.
	Until string
}

// DecidedGrant is a grant with the decision about it.
type DecidedGrant struct {
	Fingerprint string
	Grant       Grant
	// Decision is the zero value if there is none.
	Decision Decision
}

// Decisions is the result of applying decisions to a review. Every grant is in exactly one of the lists Undecided, Approved, Revoked, Deferred,
// Expired, and Stale. All lists are sorted by experiment and principal.
type Decisions struct {
	Undecided []DecidedGrant
	Approved  []DecidedGrant
	// Revoked are grants that the review still contains although they are to be revoked.
	Revoked  []DecidedGrant
	Deferred []DecidedGrant
	// Expired are approved or deferred grants after the last day of the decision.
	Expired []DecidedGrant
	// Stale are grants with a level that the decision does not cover, for example because it was raised.
	Stale []DecidedGrant
	// Gone are decisions that apply to none of the grants, sorted by fingerprint and level.
	Gone   []Decision
	Counts DecisionCounts
}

// DecisionCounts are the lengths of the lists of [Decisions]. Grants is the sum of all others except Gone.
type DecisionCounts struct {
	Grants, Undecided, Approved, Revoked, Deferred, Expired, Stale, Gone int
}
