package provider_test

// runsInput is a search for runs in which only one attribute is invalid.
func runsInput(r rejection, attribute string, value any) badInput {
	b := dataInput("mlflow_runs", r, "experiment_ids", []string{"1"}, "limit", 10)
	b.config[attribute] = value
	return b
}

var badRuns = inputs{
	"runs: no experiment": runsInput(
		rejection{atValidate, "experiment_ids", "Invalid Attribute Value", "at least 1"},
		"experiment_ids",
		[]string{},
	),
	"runs: a name for an id": runsInput(
		rejection{atValidate, "experiment_ids", "Invalid Attribute Value Match", idAdvice},
		"experiment_ids",
		[]string{"/Shared/churn"},
	),
	"runs: unknown experiment": runsInput(
		rejection{atRead, "", "Could not search runs: Runs of experiments 42: ", "mlflow_experiment looks up an experiment by name"},
		"experiment_ids",
		[]string{"42"},
	),
	"runs: no limit":         runsInput(rejection{atValidate, "limit", "Invalid Attribute Value", "between 1 and 1000"}, "limit", 0),
	"runs: too high a limit": runsInput(rejection{atValidate, "limit", "Invalid Attribute Value", "between 1 and 1000"}, "limit", 1001),
	"runs: OR": runsInput(
		rejection{atValidate, "filter", "Invalid filter", "Use one data source or action for each alternative"},
		"filter",
		"metrics.a > 1 OR metrics.b > 1",
	),
	"runs: an empty filter": runsInput(
		rejection{atValidate, "filter", "Invalid filter: The filter is empty", "omit the argument"},
		"filter",
		" ",
	),
	"runs: unknown view": runsInput(rejection{atValidate, "view_type", "Invalid Attribute Value Match", "ALL"}, "view_type", "active"),
	"run: a path for an id": dataInput(
		"mlflow_run",
		rejection{atValidate, "run_id", "Invalid Attribute Value Match", "the part after /runs/ in the URL"},
		"run_id",
		"runs:/1/model",
	),
	"run: unknown id": dataInput(
		"mlflow_run",
		rejection{atRead, "run_id", "Could not read run: Run \"none\": ", "Check run_id"},
		"run_id",
		"none",
	),
	"artifacts: absolute path": dataInput(
		"mlflow_run_artifacts",
		rejection{atValidate, "path", "Invalid artifact path", "without a slash at the beginning"},
		"run_id",
		"a",
		"path",
		"/model",
	),
	"artifacts: too high a lim.": dataInput(
		"mlflow_run_artifacts",
		rejection{atValidate, "limit", "Invalid Attribute Value", "between 1 and 1000"},
		"run_id",
		"a",
		"limit",
		1001,
	),
	"artifacts: unknown run": dataInput(
		"mlflow_run_artifacts",
		rejection{atRead, "run_id", "Could not list artifacts: Run \"none\": ", "Check run_id"},
		"run_id",
		"none",
	),
}
