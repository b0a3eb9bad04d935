package acctest

// The requests for tags, as they are in the journal.
const (
	APIPath       = "/api/2.0/mlflow/experiments/"
	SetTagCall    = "POST " + APIPath + "set-experiment-tag"
	DeleteTagCall = "POST " + APIPath + "delete-experiment-tag"
)
