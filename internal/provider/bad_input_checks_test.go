package provider_test

import (
	"context"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// The stages at which an input can be rejected, earliest first. Nothing is changed before the apply.
const (
	atValidate  = "validate" // the server is not known yet, nor asked
	atConfigure = "configure"
	atPlan      = "plan" // for a new resource: the server is known, and asked only about permissions
	atApply     = "apply"
	atRead      = "read" // of a data source
	atImport    = "import"
	atCall      = "call" // of a function
)

// rejection is the rejection of an input: its stage, its attribute, and its message.
type rejection struct {
	stage string
	// at is the attribute, with the key of the map element: tags["team"]. It is "" if the input as a whole is rejected. For a function, it is
	// the name of the argument.
	at string
	// diags is the start of the summary and the detail, and advises is the advice.
	diags, advises string
}

// badInput is an input that is rejected: on an MLflow server if mlflow is set, otherwise on Databricks.
type badInput struct {
	object string
	config map[string]any
	mlflow bool
	rejection
}

// inputs are the inputs for one object.
type inputs map[string]badInput

// experimentInput is an experiment in which only one attribute is invalid.
func experimentInput(attribute string, value any, r rejection) badInput {
	return badInput{object: "mlflow_experiment", config: acctest.AttributeValues("name", "/Shared/churn", attribute, value), rejection: r}
}

// traces returns a trace_location. A nil prefix is not declared.
func traces(catalog, schema string, prefix any) map[string]any {
	return map[string]any{"catalog": catalog, "schema": schema, "table_prefix": prefix}
}

func tagInput(key, value string, r rejection) badInput {
	return badInput{
		object:    "mlflow_experiment_tag",
		config:    acctest.AttributeValues("experiment_id", "1", "key", key, "value", value),
		rejection: r,
	}
}

func permissionInput(r rejection, more ...any) badInput {
	return badInput{
		object:    "mlflow_experiment_permission",
		config:    acctest.AttributeValues(append([]any{"experiment_id", "1"}, more...)...),
		rejection: r,
	}
}

func permissionsInput(r rejection, more ...any) badInput {
	b := permissionInput(r, more...)
	b.object = "mlflow_experiment_permissions"
	return b
}

func dataInput(kind string, r rejection, more ...any) badInput {
	return badInput{object: "data " + kind, config: acctest.AttributeValues(more...), rejection: r}
}

func onMLflow(b badInput) badInput {
	b.mlflow = true
	return b
}

func repeatLetter(letter string, n int) string { return strings.Repeat(letter, n) }

// workspaceWith returns the provider settings for a workspace, with additional ones.
func workspaceWith(more ...any) map[string]any {
	return acctest.AttributeValues(append([]any{"host", "https://example.com", "token", "secret-token"}, more...)...)
}

func providerInput(c map[string]any, r rejection) badInput {
	return badInput{object: "provider", config: c, rejection: r}
}

func textOf(value any) string {
	s, _ := value.(string)
	return s
}

// firstError passes an input through the stages of its object, and returns the first error.
func (c badInput) firstError(t *testing.T, w *acctest.Workspace) rejection {
	t.Helper()
	kind, name, found := strings.Cut(c.object, " ")
	if !found {
		kind, name = "resource", c.object
	}
	d := w.Provider(t, emulator.AdminToken)
	if c.mlflow {
		d = acctest.NewProvider(t, map[string]any{"tracking_uri": "http://127.0.0.1:1"})
	}
	switch {
	case c.object == "provider":
		return providerRejection(d, c.config)
	case kind == "data":
		return dataSourceRejection(d, name, c.config)
	case kind == "import":
		return importRejection(d, name, textOf(c.config["id"]))
	case kind == "function":
		return functionRejection(d, name, c.config)
	default:
		return resourceRejection(d, name, c.config)
	}
}

func providerRejection(d *acctest.Provider, input map[string]any) rejection {
	config := d.Encode(d.Schemas.Provider, input)
	validated, err := d.Server.ValidateProviderConfig(context.Background(), &tfprotov6.ValidateProviderConfigRequest{Config: config})
	d.Check(err)
	if r, found := firstErrorOf(atValidate, validated.Diagnostics); found {
		return r
	}
	server, err := acctest.Factories()["mlflow"]() // one that is not configured yet
	d.Check(err)
	configured, err := server.ConfigureProvider(context.Background(), &tfprotov6.ConfigureProviderRequest{Config: config})
	d.Check(err)
	r, _ := firstErrorOf(atConfigure, configured.Diagnostics)
	return r
}

func resourceRejection(d *acctest.Provider, kind string, input map[string]any) rejection {
	schema := d.Schemas.ResourceSchemas[kind]
	config, nothing := d.Encode(schema, input), d.Encode(schema, nil)
	validated, err := d.Server.ValidateResourceConfig(
		context.Background(),
		&tfprotov6.ValidateResourceConfigRequest{TypeName: kind, Config: config},
	)
	d.Check(err)
	if r, found := firstErrorOf(atValidate, validated.Diagnostics); found {
		return r
	}
	plan, err := d.Server.PlanResourceChange(context.Background(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: kind, PriorState: nothing, Config: config, ProposedNewState: config,
	})
	d.Check(err)
	if r, found := firstErrorOf(atPlan, plan.Diagnostics); found {
		return r
	}
	applied, err := d.Server.ApplyResourceChange(context.Background(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: kind, PriorState: nothing, PlannedState: plan.PlannedState, PlannedPrivate: plan.PlannedPrivate, Config: config,
	})
	d.Check(err)
	r, found := firstErrorOf(atApply, applied.Diagnostics)
	if found && d.Decode(schema, applied.NewState) != nil {
		d.T.Errorf("the rejected %s is in the state", kind)
	}
	return r
}

func dataSourceRejection(d *acctest.Provider, kind string, input map[string]any) rejection {
	config := d.Encode(d.Schemas.DataSourceSchemas[kind], input)
	validated, err := d.Server.ValidateDataResourceConfig(
		context.Background(),
		&tfprotov6.ValidateDataResourceConfigRequest{TypeName: kind, Config: config},
	)
	d.Check(err)
	if r, found := firstErrorOf(atValidate, validated.Diagnostics); found {
		return r
	}
	read, err := d.Server.ReadDataSource(context.Background(), &tfprotov6.ReadDataSourceRequest{TypeName: kind, Config: config})
	d.Check(err)
	r, _ := firstErrorOf(atRead, read.Diagnostics)
	return r
}

func importRejection(d *acctest.Provider, kind, id string) rejection {
	resp, err := d.Server.ImportResourceState(context.Background(), &tfprotov6.ImportResourceStateRequest{TypeName: kind, ID: id})
	d.Check(err)
	r, _ := firstErrorOf(atImport, resp.Diagnostics)
	return r
}

func functionRejection(d *acctest.Provider, name string, arguments map[string]any) rejection {
	functions, err := d.Server.GetFunctions(context.Background(), &tfprotov6.GetFunctionsRequest{})
	d.Check(err)
	call := &tfprotov6.CallFunctionRequest{Name: name}
	parameters := functions.Functions[name].Parameters
	for _, p := range parameters {
		argument, err := tfprotov6.NewDynamicValue(p.Type, tftypes.NewValue(p.Type, arguments[p.Name]))
		d.Check(err)
		call.Arguments = append(call.Arguments, &argument)
	}
	resp, err := d.Server.CallFunction(context.Background(), call)
	d.Check(err)
	if resp.Error == nil || resp.Error.FunctionArgument == nil {
		return rejection{}
	}
	return rejection{stage: atCall, at: parameters[*resp.Error.FunctionArgument].Name, diags: resp.Error.Text}
}

// firstErrorOf returns the first error of a stage.
func firstErrorOf(stage string, diagnostics []*tfprotov6.Diagnostic) (rejection, bool) {
	for _, d := range diagnostics {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			return rejection{stage: stage, at: attributeOf(d), diags: d.Summary + ": " + d.Detail}, true
		}
	}
	return rejection{}, false
}

// attributeOf formats the path of a diagnostic as in a configuration: tags["team"].
func attributeOf(d *tfprotov6.Diagnostic) string {
	if d.Attribute == nil {
		return ""
	}
	var at strings.Builder
	for _, step := range d.Attribute.Steps() {
		switch s := step.(type) {
		case tftypes.AttributeName:
			if at.Len() > 0 {
				at.WriteString(".")
			}
			at.WriteString(string(s))
		case tftypes.ElementKeyString:
			at.WriteString(`["` + string(s) + `"]`)
		}
	}
	return at.String()
}
