package provider_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

var badExperiments = inputs{
	"experiment: empty name": experimentInput("name", "",
		rejection{atValidate, "name", "Invalid Attribute Value Length", "at least 1"}),
	"experiment: relative name": experimentInput("name", "churn",
		rejection{atPlan, "name", "Invalid experiment name: \"churn\" is not an absolute", "such as \"/Shared/churn\""}),
	"experiment: folder as name": experimentInput("name", "/",
		rejection{atPlan, "name", "Invalid experiment name: \"/\" is a folder", "Add a name"}),
	"experiment: only the prefix": experimentInput("name", "/Workspace/",
		rejection{atPlan, "name", "Invalid experiment name", "Add a name"}),
	"experiment: double slash": experimentInput("name", "//Shared/x",
		rejection{atPlan, "name", "Invalid experiment name", "Write a single slash"}),
	"experiment: a dot in the path": experimentInput("name", "/Shared/./x",
		rejection{atPlan, "name", "Invalid experiment name", "Write the path without it"}),
	"experiment: up in the path": experimentInput("name", "/Users/../Shared/x",
		rejection{atPlan, "name", "Invalid experiment name", "Write the path without it"}),
	"experiment: a dot as name": experimentInput("name", "/Workspace/Shared/..",
		rejection{atPlan, "name", "Invalid experiment name", "Write the path without it"}),
	"experiment: in a Git folder": experimentInput("name", "/Repos/ana/p/x",
		rejection{atPlan, "name", "Invalid experiment name", "Use a path outside Git folders, such as \"/Shared/x\""}),
	"experiment: no such folder": experimentInput("name", "/Projects/none/x",
		rejection{atApply, "name", "Could not create experiment", "Set create_parents = true"}),
	"experiment: a folder's name": experimentInput("name", "/Shared",
		rejection{atApply, "name", "Could not create experiment", "Choose another name"}),
	"experiment: below a non-folder": {object: "mlflow_experiment",
		config:    acctest.AttributeValues("name", "/Shared/taken/x", "create_parents", true),
		rejection: rejection{atApply, "name", "Could not create folder", "Choose another path"}},
	"experiment: name in use": experimentInput("name", "/Shared/taken",
		rejection{atApply, "name", "Could not create experiment: name already in use", "adopt_existing = true"}),
	"experiment: another location": {object: "mlflow_experiment",
		config:    acctest.AttributeValues("name", "/Shared/taken", "adopt_existing", true, "artifact_location", "s3://b/x"),
		rejection: rejection{atApply, "artifact_location", "Could not adopt experiment", "Declare the artifact location of the experiment"}},
	"experiment: long name on MLflow": onMLflow(experimentInput("name", repeatLetter("n", 501),
		rejection{atPlan, "name", "Invalid experiment name: The name is 501 characters long", "maximum on an MLflow server is 500"})),
	"experiment: empty location": experimentInput("artifact_location", "",
		rejection{atValidate, "artifact_location", "Invalid Attribute Value Length", "at least 1"}),
	"experiment: relative location": experimentInput("artifact_location", "a/x",
		rejection{atPlan, "artifact_location", "Invalid artifact location: \"a/x\" is a relative path", "Use an absolute URI"}),
	"experiment: location, fragment": experimentInput("artifact_location", "s3://b/x#y",
		rejection{atPlan, "artifact_location", "Invalid artifact location", "Remove it"}),
	"experiment: relative on MLflow": onMLflow(experimentInput("artifact_location", "./mlruns",
		rejection{atPlan, "artifact_location", "Invalid artifact location", "Use an absolute URI"})),
	"experiment: invalid table prefix": experimentInput("trace_location", traces("main", "traces", "a-b"),
		rejection{atValidate, "trace_location.table_prefix", "Invalid Attribute Value Match", "238 letters, digits, and underscores"}),
	"experiment: schema with a catalog": experimentInput("trace_location", traces("main", "main.traces", nil),
		rejection{atValidate, "trace_location.schema", "Invalid Attribute Value Match", "one name in Unity Catalog"}),
	"experiment: traces of another": {object: "mlflow_experiment",
		config:    acctest.AttributeValues("name", "/Shared/taken", "adopt_existing", true, "trace_location", traces("main", "traces", nil)),
		rejection: rejection{atApply, "trace_location", "Could not adopt experiment", "remove trace_location from the configuration"}},
	"experiment: traces on MLflow": onMLflow(experimentInput("trace_location", traces("main", "traces", nil),
		rejection{atPlan, "trace_location", "Trace location is not supported", "Remove trace_location from the configuration"})),
	"experiment: long description": experimentInput("description", repeatLetter("v", 64<<10+1),
		rejection{atPlan, "description", "Invalid description: The value is 65537 bytes long", "maximum on Databricks is 65536"}),
	"experiment: unknown if_deleted": experimentInput("if_deleted", "purge",
		rejection{atValidate, "if_deleted", "Invalid Attribute Value Match", "supersede"}),
	"experiment: unknown policy": experimentInput("deletion_policy", "keep",
		rejection{atValidate, "deletion_policy", "Invalid Attribute Value Match", "delete_if_empty"}),
	"experiment: empty tag key": experimentInput("tags", acctest.MapOfOne("", "v"),
		rejection{atValidate, `tags[""]`, "Invalid tag key: The key is empty", "remove the tag"}),
	"experiment: description as a tag": experimentInput("tags", acctest.MapOfOne("mlflow.note.content", "v"),
		rejection{atValidate, `tags["mlflow.note.content"]`, "Invalid tag key", "Set description"}),
	"experiment: the server's tag": experimentInput("tags", acctest.MapOfOne("mlflow.ownerEmail", "v"),
		rejection{atValidate, `tags["mlflow.ownerEmail"]`, "Invalid tag key", "Remove the tag"}),
	"experiment: a shared view": experimentInput("tags", acctest.MapOfOne("mlflow.sharedViewState.1", "v"),
		rejection{atValidate, `tags["mlflow.sharedViewState.1"]`, "Invalid tag key", "Remove the tag"}),
	"experiment: long tag key": experimentInput("tags", acctest.MapOfOne(repeatLetter("k", 251), "v"),
		rejection{atPlan, `tags["` + repeatLetter("k", 251) + `"]`, "Invalid tag: The key is 251 bytes long", "maximum on Databricks is 250"}),
	"experiment: long tag value": experimentInput("tags", acctest.MapOfOne("k", repeatLetter("v", 64<<10+1)),
		rejection{atPlan, `tags["k"]`, "Invalid tag: The value is 65537 bytes long", "maximum on Databricks is 65536"}),
	"experiment: invalid tag key, MLflow": onMLflow(experimentInput("tags", acctest.MapOfOne("a+b", "v"),
		rejection{atPlan, `tags["a+b"]`, "Invalid tag: The key \"a+b\" has characters", "are allowed"})),
	"experiment: path tag key, MLflow": onMLflow(experimentInput("tags", acctest.MapOfOne("a//b", "v"),
		rejection{atPlan, `tags["a//b"]`, "Invalid tag: The key \"a//b\" is not a plain path", "Remove leading"})),
	"experiment: long tag key, MLflow": onMLflow(experimentInput("tags", acctest.MapOfOne(repeatLetter("k", 251), "v"),
		rejection{atPlan, `tags["` + repeatLetter("k", 251) + `"]`, "Invalid tag: The key is 251 characters long",
			"maximum on an MLflow server is 250"})),
	"experiment: long value on MLflow": onMLflow(experimentInput("tags", acctest.MapOfOne("k", repeatLetter("v", 20_001)),
		rejection{atPlan, `tags["k"]`, "Invalid tag: The value is 20001 characters long", "maximum on an MLflow server is 20000"})),
	"import of an experiment: nothing": {object: "import mlflow_experiment", config: acctest.AttributeValues("id", ""),
		rejection: rejection{atImport, "", "Invalid import ID", "Specify the experiment ID"}},
	"import of an experiment: a word": {object: "import mlflow_experiment", config: acctest.AttributeValues("id", "churn"),
		rejection: rejection{atImport, "", "Invalid import ID: \"churn\" is not an experiment ID, name, or URL", "name=churn"}},
	"import of an experiment: no name": {object: "import mlflow_experiment", config: acctest.AttributeValues("id", "name="),
		rejection: rejection{atImport, "", "Invalid import ID: The name after name= is empty", "Specify the experiment ID"}},
	"import of an experiment: two ids": {object: "import mlflow_experiment", config: acctest.AttributeValues("id", "12 34"),
		rejection: rejection{atImport, "", "Invalid import ID", "Specify the experiment ID"}},
	"import of an experiment: a list": {object: "import mlflow_experiment",
		config: acctest.AttributeValues("id", "https://example.com/ml/experiments"),
		rejection: rejection{atImport, "", "Invalid import ID: \"https://example.com/ml/experiments\" is not the URL of an experiment",
			"experiments/ID"}},
	"import of an experiment: far away": {object: "import mlflow_experiment",
		config:    acctest.AttributeValues("id", "https://example.com/ml/experiments/12"),
		rejection: rejection{atImport, "", "Could not import experiment", "If they are the same server, import by ID"}},
	"import of an experiment: unknown": {object: "import mlflow_experiment", config: acctest.AttributeValues("id", "/Shared/none"),
		rejection: rejection{atImport, "", "Could not import experiment: Import ID \"/Shared/none\": ", "Check the name, and that the provider"}},
}

const idAdvice = "The data source mlflow_experiment looks up an experiment by name and returns its ID"

var badTags = inputs{
	"tag: a name for an id": {object: "mlflow_experiment_tag",
		config:    acctest.AttributeValues("experiment_id", "/Shared/churn", "key", "k", "value", "v"),
		rejection: rejection{atValidate, "experiment_id", "Invalid Attribute Value Match", idAdvice}},
	"tag: words for an id": {object: "mlflow_experiment_tag",
		config:    acctest.AttributeValues("experiment_id", "churn model", "key", "k", "value", "v"),
		rejection: rejection{atValidate, "experiment_id", "Invalid Attribute Value Match", idAdvice}},
	"tag: no key": tagInput("", "v", rejection{atValidate, "key", "Invalid tag key: The key is empty", "Set a key"}),
	"tag: the server's own": tagInput("mlflow.ownerId", "1",
		rejection{atValidate, "key", "Invalid tag key: \"mlflow.ownerId\" is set by the server", "Remove the tag"}),
	"tag: long key": tagInput(repeatLetter("k", 251), "v",
		rejection{atPlan, "key", "Invalid tag: The key is 251 bytes long", "maximum on Databricks is 250"}),
	"tag: long value": tagInput("k", repeatLetter("v", 64<<10+1),
		rejection{atPlan, "value", "Invalid tag: The value is 65537 bytes long", "maximum on Databricks is 65536"}),
	"tag: invalid key on MLflow": onMLflow(tagInput("a,b", "v",
		rejection{atPlan, "key", "Invalid tag: The key \"a,b\" has characters", "are allowed"})),
	"tag: unknown id": tagInput("k", "v", rejection{atApply, "", "Could not set experiment tag", idAdvice}),
	"import of a tag: no key": {object: "import mlflow_experiment_tag", config: acctest.AttributeValues("id", "12"),
		rejection: rejection{atImport, "", "Invalid import ID: \"12\" is not of the form EXPERIMENT_ID/KEY", "for example 1234567890/team"}},
	"import of a tag: empty": {object: "import mlflow_experiment_tag", config: acctest.AttributeValues("id", "12/"),
		rejection: rejection{atImport, "", "Invalid import ID", "for example 1234567890/team"}},
	"import of a tag: a name": {object: "import mlflow_experiment_tag", config: acctest.AttributeValues("id", "/Shared/x"),
		rejection: rejection{atImport, "", "Invalid import ID", "for example 1234567890/team"}},
}

var badPermissions = inputs{
	"permissions: a name for an id": permissionsInput(rejection{atValidate, "experiment_id", "Invalid Attribute Value Match", idAdvice},
		"experiment_id", "/Projects/churn"),
	"permissions: admins": permissionsInput(rejection{atPlan, `groups["admins"]`, "Invalid principal", "Remove \"admins\""},
		"groups", acctest.MapOfOne("admins", "CAN_MANAGE")),
	"permissions: no principal": permissionsInput(rejection{atValidate, `users[" "]`,
		"Invalid principal: The name of the user is empty", "Set it, or remove the entry"}, "users", acctest.MapOfOne(" ", "CAN_READ")),
	"permissions: no level": permissionsInput(rejection{atValidate, `users["ana"]`, "Invalid permission level: \"\" is not",
		"Use CAN_READ, CAN_EDIT, or CAN_MANAGE."}, "users", acctest.MapOfOne("ana", "")),
	"permissions: MLflow's level": permissionsInput(rejection{atValidate, `groups["risk"]`, "Invalid permission level: \"READ\" is not",
		"Use CAN_READ."}, "groups", acctest.MapOfOne("risk", "READ")),
	"permissions: lower case": permissionsInput(rejection{atValidate, `service_principals["` + acctest.ApplicationID + `"]`,
		"Invalid permission level: \"can_edit\" is not", "Use CAN_EDIT."}, "service_principals",
		acctest.MapOfOne(acctest.ApplicationID, "can_edit")),
	"permissions: twice": permissionsInput(rejection{atPlan, `users["ana@x"]`, "Duplicate principal",
		"Remove one of the two entries"}, "users", map[string]string{"Ana@x": "CAN_READ", "ana@x": "CAN_READ"}),
	"permissions: twice across maps": permissionsInput(rejection{atValidate, `service_principals["` + acctest.ApplicationID + `"]`,
		"Duplicate principal", "Remove one of the two entries"}, "users", acctest.MapOfOne(acctest.ApplicationID, "CAN_READ"),
		"service_principals", acctest.MapOfOne(acctest.ApplicationID, "CAN_EDIT")),
	"permissions: machine on MLflow": onMLflow(permissionsInput(rejection{atPlan, `service_principals["` + acctest.ApplicationID + `"]`,
		"Invalid principal: An MLflow server has no service principals", "Create a user for the machine"}, "service_principals",
		acctest.MapOfOne(acctest.ApplicationID, "CAN_EDIT"))),
	"permissions: unknown id": permissionsInput(rejection{atApply, "", "Could not set permissions", "The experiment does not exist"},
		"experiment_id", "12345"),
	"permissions: a notebook's": permissionsInput(rejection{atPlan, "", "Could not read permissions",
		"the notebook \"/Users/admin@example.com/notebook\""}, "experiment_id", "NOTEBOOK"),
	"permissions: unknown group": permissionsInput(rejection{atApply, `groups["nobody"]`, "Could not set permissions: Experiment ",
		"Check the spelling of group \"nobody\""}, "experiment_id", "TAKEN", "groups", acctest.MapOfOne("nobody", "CAN_READ")),
	"permissions: one's own lowered": permissionsInput(rejection{atPlan, `users["` + emulator.Admin + `"]`,
		"Grant would lower your own access", "keep_caller_access = false"}, "experiment_id", "TAKEN", "users",
		acctest.MapOfOne(emulator.Admin, "CAN_READ")),
	"permission: a name for an id": permissionInput(rejection{atValidate, "experiment_id", "Invalid Attribute Value Match", idAdvice},
		"experiment_id", "/Shared/x", "group_name", "risk", "permission_level", "CAN_READ"),
	"permission: no principal": permissionInput(rejection{atValidate, "", "Missing Attribute Configuration",
		"[user_name,group_name,service_principal_name]"}, "permission_level", "CAN_READ"),
	"permission: two": permissionInput(rejection{atValidate, "user_name", "Invalid Attribute Combination",
		"[user_name,group_name,service_principal_name]"}, "user_name", "a", "group_name", "b", "permission_level", "CAN_READ"),
	"permission: empty name": permissionInput(rejection{atValidate, "user_name", "Invalid Attribute Value Length", "at least 1"},
		"user_name", "", "permission_level", "CAN_READ"),
	"permission: no level": permissionInput(rejection{atValidate, "permission_level", "Invalid permission level: \"\" is not",
		"Use CAN_READ, CAN_EDIT, or CAN_MANAGE."}, "group_name", "risk", "permission_level", ""),
	"permission: other level": permissionInput(rejection{atValidate, "permission_level",
		"Invalid permission level: \"CAN_WRITE\" is not", "Use CAN_EDIT."}, "group_name", "risk", "permission_level", "CAN_WRITE"),
	"permission: admins": permissionInput(rejection{atPlan, "group_name", "Invalid principal", "Remove \"admins\""},
		"group_name", "admins", "permission_level", "CAN_READ"),
	"permission: machine on MLflow": onMLflow(permissionInput(rejection{atPlan, "service_principal_name",
		"Invalid principal: An MLflow server has no service principals", "Create a user for the machine"}, "service_principal_name", "x",
		"permission_level", "CAN_READ")),
	"permission: unknown user": permissionInput(rejection{atApply, "user_name", "Could not grant permission", "Nothing was changed"},
		"experiment_id", "TAKEN", "user_name", "nobody@example.com", "permission_level", "CAN_READ"),
	"import of a permission: nothing": {object: "import mlflow_experiment_permission", config: acctest.AttributeValues("id", ""),
		rejection: rejection{atImport, "", "Invalid import ID", "EXPERIMENT_ID/user/NAME"}},
	"import of a permission: no kind": {object: "import mlflow_experiment_permission",
		config:    acctest.AttributeValues("id", "12/ana@example.com"),
		rejection: rejection{atImport, "", "Invalid import ID", "EXPERIMENT_ID/user/NAME"}},
	"import of a permission: no name": {object: "import mlflow_experiment_permission", config: acctest.AttributeValues("id", "12/user/"),
		rejection: rejection{atImport, "", "Invalid import ID", "EXPERIMENT_ID/user/NAME"}},
	"import of a permission: a person": {object: "import mlflow_experiment_permission",
		config:    acctest.AttributeValues("id", "12/person/ana"),
		rejection: rejection{atImport, "", "Invalid import ID", "EXPERIMENT_ID/user/NAME"}},
	"import of a permission: by name": {object: "import mlflow_experiment_permission",
		config:    acctest.AttributeValues("id", "/Shared/x/user/ana"),
		rejection: rejection{atImport, "", "Invalid import ID", "EXPERIMENT_ID/user/NAME"}},
	"import of permissions: a word": {object: "import mlflow_experiment_permissions", config: acctest.AttributeValues("id", "churn"),
		rejection: rejection{atImport, "", "Invalid import ID", "Specify the experiment ID"}},
}

var badSearches = inputs{
	"data: nothing selected": dataInput("mlflow_experiment",
		rejection{atValidate, "", "Missing Attribute Configuration", "[name,experiment_id]"}),
	"data: two selections": dataInput("mlflow_experiment",
		rejection{atValidate, "name", "Invalid Attribute Combination", "[name,experiment_id]"}, "name", "/Shared/a", "experiment_id", "1"),
	"data: empty name": dataInput("mlflow_experiment",
		rejection{atValidate, "name", "Invalid Attribute Value Length", "at least 1"}, "name", ""),
	"data: relative name": dataInput("mlflow_experiment",
		rejection{atRead, "name", "Could not read experiment: Experiment \"churn\": ", `such as "/Shared/churn"`}, "name", "churn"),
	"data: unknown name": dataInput("mlflow_experiment",
		rejection{atRead, "name", "Could not read experiment: Experiment \"/Shared/none\": ", "Check the spelling."}, "name", "/Shared/none"),
	"data: a folder": dataInput("mlflow_experiment",
		rejection{atRead, "name", "Could not read experiment: Experiment \"/Shared\": ", "This path is not an experiment"}, "name", "/Shared"),
	"data: unknown id": dataInput("mlflow_experiment",
		rejection{atRead, "experiment_id", "Could not read experiment: Experiment 42: ", "Check the ID"}, "experiment_id", "42"),
	"data: a name for an id": dataInput("mlflow_experiment",
		rejection{atRead, "experiment_id", "Could not read experiment: ", "Set name instead of experiment_id"}, "experiment_id", "/Shared/a"),
	"search: filter and prefix": dataInput("mlflow_experiments",
		rejection{atValidate, "filter", "Invalid Attribute Combination", "[filter,name_prefix]"}, "filter", "name = 'a'", "name_prefix", "a"),
	"search: filter and tags": dataInput("mlflow_experiments",
		rejection{atValidate, "filter", "Invalid Attribute Combination", "[filter,tags]"}, "filter", "name = 'a'", "tags",
		acctest.MapOfOne("a", "b")),
	"search: both quotes, tag": dataInput("mlflow_experiments",
		rejection{atValidate, `tags["a"]`, "Invalid tag: \"a = '\\\"\" contains both kinds of quotes",
			"select from the results with name_regex"}, "tags", acctest.MapOfOne("a", `'"`)),
	"search: both quotes, name": dataInput("mlflow_experiments",
		rejection{atValidate, "name_prefix", "Invalid name prefix", "contains both kinds of quotes"}, "name_prefix", `/'"`),
	"search: bad regex": dataInput("mlflow_experiments",
		rejection{atValidate, "name_regex", "Invalid regular expression", "missing closing )"}, "name_regex", "(a"),
	"search: unknown view type": dataInput("mlflow_experiments",
		rejection{atValidate, "view_type", "Invalid Attribute Value Match", "ACTIVE_ONLY"}, "view_type", "active"),
	"search: none at all": dataInput("mlflow_experiments",
		rejection{atValidate, "limit", "Invalid Attribute Value", "at least 1"}, "limit", 0),
	"search: empty prefix": dataInput("mlflow_experiments",
		rejection{atValidate, "name_prefix", "Invalid Attribute Value Length", "at least 1"}, "name_prefix", ""),
	"search: empty key": dataInput("mlflow_experiments",
		rejection{atValidate, `tags[""]`, "Invalid Attribute Value Length", "at least 1"}, "tags", acctest.MapOfOne("", "a")),
	"search: bad filter": dataInput("mlflow_experiments",
		rejection{atRead, "filter", "Could not search experiments: Filter name = a OR b: ", "Combine comparisons with AND only"}, "filter",
		"name = a OR b"),
	"search: bad order": dataInput("mlflow_experiments",
		rejection{atRead, "order_by", "Could not search experiments: ", "last_update_time"}, "order_by", []string{"tags.team"}),
	"search: filter or order": dataInput("mlflow_experiments",
		rejection{atRead, "", "Could not search experiments: ", "filter"}, "filter", "x", "order_by", []string{"tags.team"}),
	"review: a level of MLflow": dataInput("mlflow_permission_review",
		rejection{atValidate, "min_level", "Invalid permission level: \"READ\" is not", "Use CAN_READ."}, "min_level", "READ"),
	"review: an unranked level": dataInput("mlflow_permission_review",
		rejection{atValidate, "min_level", "Invalid permission level: \"DENY\" cannot be used here",
			"Use CAN_READ, CAN_RUN, CAN_EDIT, or CAN_MANAGE."}, "min_level", "DENY"),
	"review: no selection": dataInput("mlflow_permission_review",
		rejection{atValidate, "principals", "Invalid Attribute Value", "at least 1"}, "principals", []string{}),
	"review: bad filter": dataInput("mlflow_permission_review",
		rejection{atRead, "filter", "Could not search experiments", "filter"}, "filter", "x"),
	"grants: a name for an id": dataInput("mlflow_experiment_permissions",
		rejection{atValidate, "experiment_id", "Invalid Attribute Value Match", idAdvice}, "experiment_id", "/Shared/a"),
	"grants: unknown id": dataInput("mlflow_experiment_permissions",
		rejection{atRead, "", "Could not read permissions", "The experiment does not exist"}, "experiment_id", "42"),
	"function: not an address": {object: "function parse_experiment_url", config: acctest.AttributeValues("url", "12"),
		rejection: rejection{atCall, "url", "\"12\" is not", "URL"}},
	"function: an address of no experiment": {object: "function parse_experiment_url",
		config:    acctest.AttributeValues("url", "https://x.example.com/ml/runs/1"),
		rejection: rejection{atCall, "url", "\"https://x.example.com/ml/runs/1\" is not the URL of an experiment", "experiments/ID"}},
}

var badProviders = inputs{
	"provider: nothing": providerInput(acctest.AttributeValues(),
		rejection{atConfigure, "", "No MLflow server configured: Neither the provider block nor the environment variables specify a server",
			"Set one of"}),
	"provider: both kinds": providerInput(workspaceWith("tracking_uri", "https://mlflow.example.com"),
		rejection{atConfigure, "host", "Conflicting provider arguments", "Remove host to use the MLflow server"}),
	"provider: a database": providerInput(acctest.AttributeValues("tracking_uri", "sqlite:///mlflow.db"),
		rejection{atConfigure, "tracking_uri", "Invalid tracking URI", "It must be the http(s) URL of an MLflow server"}),
	"provider: an address's query": providerInput(acctest.AttributeValues("tracking_uri", "https://mlflow.example.com/#/experiments/1"),
		rejection{atConfigure, "tracking_uri", "Invalid tracking URI", "remove everything from ? or # on"}),
	"provider: a model registry": providerInput(acctest.AttributeValues("tracking_uri", "databricks-uc"),
		rejection{atConfigure, "tracking_uri", "Invalid tracking URI", "Use \"databricks\""}),
	"provider: Databricks as a server": providerInput(acctest.AttributeValues("tracking_uri", "https://dbc-1.cloud.databricks.com"),
		rejection{atConfigure, "tracking_uri", "Invalid tracking URI", "set host = \"https://dbc-1.cloud.databricks.com\" instead"}),
	"provider: a password there": providerInput(workspaceWith("username", "u", "password", "p"),
		rejection{atConfigure, "username", "Conflicting provider arguments", "use token"}),
	"provider: only a password": providerInput(acctest.AttributeValues("tracking_uri", "https://mlflow.example.com", "password", "p"),
		rejection{atConfigure, "password", "Incomplete credentials", "Set username"}),
	"provider: only a username": providerInput(acctest.AttributeValues("tracking_uri", "https://mlflow.example.com", "username", "u"),
		rejection{atConfigure, "username", "Incomplete credentials", "Set password"}),
	"provider: token and password": providerInput(acctest.AttributeValues("tracking_uri", "https://mlflow.example.com", "username", "u",
		"password", "p", "token", "t"), rejection{atConfigure, "token", "Conflicting credentials", "Remove token"}),
	"provider: the account console": providerInput(workspaceWith("host", "https://accounts.cloud.databricks.com"),
		rejection{atConfigure, "host", "Invalid host", "Set host to the URL of a workspace"}),
	"provider: unknown method": providerInput(workspaceWith("auth_type", "magic"),
		rejection{atConfigure, "auth_type", "Invalid auth_type: \"magic\" is not an authentication method of Databricks", "Use one of pat"}),
	"provider: unknown profile": providerInput(acctest.AttributeValues("profile", "none", "config_file", "none.cfg"),
		rejection{atConfigure, "profile", "Databricks profile not found", "none.cfg"}),
	"provider: no time": providerInput(workspaceWith("http_timeout_seconds", 0),
		rejection{atValidate, "http_timeout_seconds", "Invalid Attribute Value", "at least 1"}),
	"provider: no retry": providerInput(workspaceWith("retry_timeout_seconds", 0),
		rejection{atValidate, "retry_timeout_seconds", "Invalid Attribute Value", "at least 1"}),
	"provider: no calls": providerInput(workspaceWith("rate_limit", 0),
		rejection{atValidate, "rate_limit", "Invalid Attribute Value", "at least"}),
	"provider: the server's tag": providerInput(workspaceWith("default_tags", acctest.MapOfOne("mlflow.ownerId", "1")),
		rejection{atValidate, `default_tags["mlflow.ownerId"]`, "Invalid tag key", "Remove the tag"}),
	"provider: description as a tag": providerInput(workspaceWith("default_tags", acctest.MapOfOne("mlflow.note.content", "x")),
		rejection{atValidate, `default_tags["mlflow.note.content"]`, "Invalid tag key", "Set description"}),
	"provider: long tag key": providerInput(workspaceWith("default_tags", acctest.MapOfOne(repeatLetter("k", 251), "x")),
		rejection{atConfigure, `default_tags["` + repeatLetter("k", 251) + `"]`, "Invalid tag", "maximum on Databricks is 250"}),
	"provider: no certificates": providerInput(workspaceWith("ca_cert_file", "none.pem"),
		rejection{atConfigure, "ca_cert_file", "Could not read certificate file", "none.pem"}),
	"provider: no verification twice": providerInput(workspaceWith("ca_cert_file", "none.pem", "skip_verify", true),
		rejection{atConfigure, "skip_verify", "Conflicting TLS settings", "Remove one of them"}),
}

// TestBadInput checks that each input is rejected at the earliest possible stage, at its attribute, with advice, and before anything is
// written.
func TestBadInput(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	ids := map[string]string{
		"TAKEN":    w.CreateExperiment(emulator.Admin, "/Shared/taken", nil),
		"NOTEBOOK": w.AddNotebookExperiment(emulator.Admin, "/Users/admin@example.com/notebook"),
	}
	for _, all := range []inputs{badExperiments, badTags, badPermissions, badSearches, badRuns, badProviders} {
		for name, c := range all {
			t.Run(name, func(t *testing.T) {
				for attribute, value := range c.config {
					if id, found := ids[textOf(value)]; found {
						c.config[attribute] = id
					}
				}
				got := c.firstError(t, w)
				if got.stage != c.stage || got.at != c.at || !strings.HasPrefix(got.diags, c.diags) || !strings.Contains(got.diags, c.advises) {
					t.Errorf("rejected at %q of %q: %q\nwant %q of %q: %q … %q", got.stage, got.at, got.diags, c.stage, c.at, c.diags, c.advises)
				}
			})
		}
	}
	for _, call := range w.Journal() {
		if call.Method != "GET" && call.Status < 400 && !strings.HasSuffix(call.Path, "/search") {
			t.Errorf("bad input sent %s %s", call.Method, call.Path)
		}
	}
}

// TestGoodInput checks that values within the limits, and unknown ones, are planned without a diagnostic or a request.
func TestGoodInput(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	d := w.Provider(t, emulator.AdminToken)
	unknown := tftypes.UnknownValue
	for name, c := range map[string]struct {
		kind   string
		config map[string]any
		warns  string
	}{
		"an experiment": {kind: "mlflow_experiment", config: acctest.AttributeValues("name", "/Shared/x", "description", "fine")},
		"MLflow's tag, ours": {kind: "mlflow_experiment",
			config: acctest.AttributeValues("name", "/Shared/ours", "tags", acctest.MapOfOne("mlflow.workload_creation_policy_id", "v"))},
		"longest tag": {kind: "mlflow_experiment",
			config: acctest.AttributeValues("name", "/Shared/longest", "tags", acctest.MapOfOne(repeatLetter("k", 250), repeatLetter("v", 64<<10)))},
		"a tag": {kind: "mlflow_experiment_tag",
			config: acctest.AttributeValues("experiment_id", "1", "key", "team/a", "value", "")},
		"the description": {kind: "mlflow_experiment_tag",
			config: acctest.AttributeValues("experiment_id", "1", "key", "mlflow.note.content", "value", "About")},
		"a notebook's id": {kind: "mlflow_experiment_tag",
			config: acctest.AttributeValues("experiment_id", repeatLetter("a", 32), "key", "mlflow.experimentKind", "value", "genai")},
		"longest of one tag": {kind: "mlflow_experiment_tag",
			config: acctest.AttributeValues("experiment_id", "1", "key", repeatLetter("k", 250), "value", repeatLetter("v", 64<<10))},
		"a grant": {kind: "mlflow_experiment_permission",
			config: acctest.AttributeValues("experiment_id", "1", "user_name", "ana@example.com", "permission_level", "CAN_READ")},
		"a grant, all unknown": {kind: "mlflow_experiment_permission",
			config: acctest.AttributeValues("experiment_id", unknown, "group_name", unknown, "permission_level", unknown)},
		"a level of MLflow's": {kind: "mlflow_experiment_permission",
			config: acctest.AttributeValues("experiment_id", "1", "group_name", "risk", "permission_level", "USE"),
			warns:  "warning at permission_level: Unknown permission level: \"USE\" is not a known permission level of Databricks"},
		"null tags": {kind: "mlflow_experiment",
			config: acctest.AttributeValues("name", "/Shared/nulls", "tags", map[string]any{"team": "risk", "stage": nil, "mlflow.ownerId": nil})},
		"empty description": {kind: "mlflow_experiment", config: acctest.AttributeValues("name", "/Shared/undescribed", "description", "")},
		"an unknown level": {kind: "mlflow_experiment_permission",
			config: acctest.AttributeValues("experiment_id", "1", "group_name", "data", "permission_level", "CAN_COMMENT"),
			warns:  "warning at permission_level: Unknown permission level: \"CAN_COMMENT\" is not a known permission level of Databricks"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := d.Plan(c.kind, c.config); c.warns == "" && got != "" || !strings.HasPrefix(got, c.warns) {
				t.Errorf("plan: got diagnostics %q, want %q", got, c.warns)
			}
		})
	}
	if n := len(w.Journal()); n != 0 {
		t.Errorf("planning sent %d requests", n)
	}
}
