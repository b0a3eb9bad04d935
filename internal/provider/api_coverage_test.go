package provider_test

import (
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// apiMethods are the methods of the Databricks experiments API, with their names in the Python SDK.
const apiMethods = `
	create_experiment get_experiment get_by_name update_experiment delete_experiment restore_experiment search_experiments list_experiments
	set_experiment_tag create_run get_run update_run delete_run restore_run search_runs delete_runs restore_runs log_metric log_param
	log_batch log_inputs log_model set_tag delete_tag get_history list_artifacts get_credentials_for_trace_data_download
	get_credentials_for_trace_data_upload get_permissions set_permissions update_permissions get_permission_levels`

var (
	coverageRow    = regexp.MustCompile("(?m)^\\| `(\\w+)` \\| `[A-Z]+ [^`]+` \\| .+\\|$")
	coverageObject = regexp.MustCompile("\\[`mlflow_(\\w+)`\\]\\(\\.\\./([\\w-]+)/(\\w+)\\.md\\)(?: \\((`[\\w`, ]+`)\\))?")
)

// TestDocumentation_apiCoverage checks that the page lists each method once, and that each object and argument on it exists.
func TestDocumentation_apiCoverage(t *testing.T) {
	t.Parallel()
	page := readFile(t, filepath.Join(repository, "templates/guides/api-coverage.md.tmpl"))
	var got []string
	for _, m := range coverageRow.FindAllStringSubmatch(page, -1) {
		got = append(got, m[1])
	}
	slices.Sort(got)
	want := slices.Sorted(slices.Values(strings.Fields(apiMethods)))
	if len(want) != 32 || !slices.Equal(got, want) {
		t.Errorf("the page lists\n%q\nwant\n%q", got, want)
	}

	schemas := acctest.NewWorkspace(t).Provider(t, emulator.AdminToken).Schemas
	actions := map[string]*tfprotov6.Schema{}
	for name, a := range schemas.ActionSchemas {
		actions[name] = a.Schema
	}
	kinds := map[string]map[string]*tfprotov6.Schema{
		"resources": schemas.ResourceSchemas, "data-sources": schemas.DataSourceSchemas, "actions": actions,
		"list-resources": schemas.ListResourceSchemas,
	}
	named := map[string]bool{}
	for _, m := range coverageObject.FindAllStringSubmatch(page, -1) {
		schema := kinds[m[2]]["mlflow_"+m[1]]
		if schema == nil || m[3] != m[1] {
			t.Errorf("the page links mlflow_%s to ../%s/%s.md, which is not there", m[1], m[2], m[3])
			continue
		}
		named[m[2]+"/mlflow_"+m[1]] = true
		for argument := range strings.SplitSeq(strings.ReplaceAll(m[4], "`", ""), ", ") {
			if argument != "" &&
				!slices.ContainsFunc(schema.Block.Attributes, func(a *tfprotov6.SchemaAttribute) bool { return a.Name == argument }) {
				t.Errorf("the page names %s of mlflow_%s in %s, which has no such argument", argument, m[1], m[2])
			}
		}
	}
	for action := range maps.Keys(actions) {
		if !named["actions/"+action] {
			t.Errorf("the page does not name the action %s", action)
		}
	}
	for name := range schemas.DataSourceSchemas {
		if strings.HasPrefix(name, "mlflow_run") && !named["data-sources/"+name] {
			t.Errorf("the page does not name the data source %s", name)
		}
	}
}
