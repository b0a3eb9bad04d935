package acctest

// The requests for tags, as they are in the journal.
const (
	SetTagRequest    = "POST " + ExperimentsPath + "set-experiment-tag"
	DeleteTagRequest = "POST " + ExperimentsPath + "delete-experiment-tag"
)
