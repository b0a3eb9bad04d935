package acctest

// The requests that set and delete a tag, as [Workspace.Writes] returns them.
const (
	SetTagRequest    = "POST " + ExperimentsPath + "set-experiment-tag"
	DeleteTagRequest = "POST " + ExperimentsPath + "delete-experiment-tag"
)
