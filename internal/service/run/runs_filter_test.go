package run

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

func TestStatusFilter(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		statuses []string
		filter   string
		want     string
	}{
		"none":           {nil, "", ""},
		"none, a filter": {nil, "metrics.auc > 0.9", "metrics.auc > 0.9"},
		"one":            {[]string{"FINISHED"}, "", "attributes.status = 'FINISHED'"},
		"one, a filter":  {[]string{"FINISHED"}, "metrics.auc > 0.9", "attributes.status = 'FINISHED' AND metrics.auc > 0.9"},
		"two": {[]string{"KILLED", "FAILED"}, "",
			"attributes.status != 'RUNNING' AND attributes.status != 'SCHEDULED' AND attributes.status != 'FINISHED'"},
		"all but one":      {[]string{"RUNNING", "SCHEDULED", "FAILED", "KILLED"}, "x", "attributes.status != 'FINISHED' AND x"},
		"all":              {mlflow.RunStatuses, "", ""},
		"all, a filter":    {mlflow.RunStatuses, "x", "x"},
		"a filter of room": {[]string{"FINISHED"}, " \n", "attributes.status = 'FINISHED'"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := andFilters(statusFilter(tc.statuses), tc.filter); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestFilterValidator(t *testing.T) {
	t.Parallel()
	for filter, ok := range map[string]bool{
		"metrics.auc > 0.9":             true,
		"":                              false,
		" \t":                           false,
		"a = 'x' OR b = 'y'":            false,
		"a = 'x'\nor b = 'y'":           false,
		"(a = 'x') Or (b = 'y')":        false,
		"a = 'x OR y'":                  true,
		"a = \"x OR y\" AND b = 'z'":    true,
		"params.`this OR that` = 'x'":   true,
		"tags.\"a OR b\" = 'x'":         true,
		"params.or = 'x'":               true,
		"attributes.run_name = 'OR'":    true,
		"a = 'it\\'s this OR that'":     true,
		"a = 'open OR closed":           true, // for the server
		"params.order = 'x' AND or = 1": false,
		"a = 'ORB' AND ORDER = 1":       true,
		"a = 'x' AND b = 'y'":           true,
		"params.and = 'AND'":            true,
		"AND":                           false, // what is left of a template whose variables are empty: the servers drop it
		"a = 'x' AND ":                  false,
		" and a = 'x'":                  false,
		"a = 'x' AND AND b = 'y'":       false,
	} {
		req := validator.StringRequest{Path: path.Root("filter"), ConfigValue: types.StringValue(filter)}
		var resp validator.StringResponse
		filterValidator{}.ValidateString(t.Context(), req, &resp)
		if resp.Diagnostics.HasError() == ok {
			t.Errorf("%q: %v", filter, resp.Diagnostics)
		}
	}
	for _, value := range []types.String{types.StringNull(), types.StringUnknown()} {
		var resp validator.StringResponse
		filterValidator{}.ValidateString(t.Context(), validator.StringRequest{ConfigValue: value}, &resp)
		if len(resp.Diagnostics) > 0 {
			t.Errorf("%s: %v", value, resp.Diagnostics)
		}
	}
}
