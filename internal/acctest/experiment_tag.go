package acctest

// The requests for tags, as they are in the journal.
const (
	SetTagCall    = "POST " + ExperimentCalls + "set-experiment-tag"
	DeleteTagCall = "POST " + ExperimentCalls + "delete-experiment-tag"
)
