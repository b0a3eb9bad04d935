package acctest

// The calls about tags, as the journal names them.
const (
	APIPath       = "/api/2.0/mlflow/experiments/"
	SetTagCall    = "POST " + APIPath + "set-experiment-tag"
	DeleteTagCall = "POST " + APIPath + "delete-experiment-tag"
)
