package governance

import (
	"context"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// functionProvider is a provider with only the functions.
type functionProvider struct{}

func (functionProvider) Metadata(context.Context, provider.MetadataRequest, *provider.MetadataResponse) {
}
func (functionProvider) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse) {}
func (functionProvider) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {
}
func (functionProvider) DataSources(context.Context) []func() datasource.DataSource { return nil }
func (functionProvider) Resources(context.Context) []func() resource.Resource       { return nil }
func (functionProvider) Functions(context.Context) []func() function.Function {
	return []func() function.Function{
		NewPermissionMatrixFunction, NewEffectiveAccessFunction, NewReviewSnapshotFunction, NewReviewDiffFunction,
		NewReviewDecisionsFunction,
	}
}

// functionServer returns a server for the plugin protocol, and its functions.
func functionServer(t testing.TB) (tfprotov6.ProviderServer, map[string]*tfprotov6.Function) {
	t.Helper()
	server, err := providerserver.NewProtocol6WithError(functionProvider{})()
	if err != nil {
		t.Fatal(err)
	}
	functions, err := server.GetFunctions(t.Context(), &tfprotov6.GetFunctionsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	return server, functions.Functions
}

// callFunction calls a function as Terraform does. message is the error, if there is one.
func callFunction(t testing.TB, name string, arguments ...any) (result tftypes.Value, message string) {
	t.Helper()
	server, functions := functionServer(t)
	req := &tfprotov6.CallFunctionRequest{Name: name}
	for i, argument := range arguments {
		parameter := functions[name].VariadicParameter
		if i < len(functions[name].Parameters) {
			parameter = functions[name].Parameters[i]
		}
		encoded, err := tfprotov6.NewDynamicValue(parameter.Type, valueOf(argument))
		if err != nil {
			t.Fatal(err)
		}
		req.Arguments = append(req.Arguments, &encoded)
	}
	resp, err := CallFunction(t.Context(), req, server.CallFunction)
	if err != nil {
		t.Fatal(err)
	}
	if resp.Error != nil {
		return result, resp.Error.Text
	}
	if result, err = resp.Result.Unmarshal(functions[name].Return.Type); err != nil {
		t.Fatal(err)
	}
	return result, ""
}

// mustCall is callFunction for valid arguments. It returns the result in the form of the argument of valueOf.
func mustCall(t testing.TB, name string, arguments ...any) any {
	t.Helper()
	result, message := callFunction(t, name, arguments...)
	if message != "" {
		t.Fatalf("%s: got error %q", name, message)
	}
	return plainOf(result)
}

// unknownText is a string that is unknown until apply.
var unknownText = tftypes.NewValue(tftypes.String, tftypes.UnknownValue)

// plainOf is the inverse of valueOf, with numbers as strings.
func plainOf(value tftypes.Value) any {
	if value.IsNull() || !value.IsKnown() {
		return nil
	}
	var flag bool
	if value.As(&flag) == nil {
		return flag
	}
	if text, ok := asText(value); ok {
		return text
	}
	var attributes map[string]tftypes.Value
	if value.As(&attributes) == nil {
		plain := map[string]any{}
		for name, attribute := range attributes {
			plain[name] = plainOf(attribute)
		}
		return plain
	}
	var elements []tftypes.Value
	_ = value.As(&elements)
	plain := []any{}
	for _, element := range elements {
		plain = append(plain, plainOf(element))
	}
	return plain
}

// valueOf returns the object, tuple, string, or bool of the configuration language for a value.
func valueOf(value any) tftypes.Value {
	switch v := value.(type) {
	case string:
		return tftypes.NewValue(tftypes.String, v)
	case bool:
		return tftypes.NewValue(tftypes.Bool, v)
	case map[string]any:
		types, values := map[string]tftypes.Type{}, map[string]tftypes.Value{}
		for name, attribute := range v {
			values[name] = valueOf(attribute)
			types[name] = values[name].Type()
		}
		return tftypes.NewValue(tftypes.Object{AttributeTypes: types}, values)
	case []any:
		types, values := []tftypes.Type{}, []tftypes.Value{}
		for _, element := range v {
			values = append(values, valueOf(element))
			types = append(types, values[len(values)-1].Type())
		}
		return tftypes.NewValue(tftypes.Tuple{ElementTypes: types}, values)
	case tftypes.Value:
		return v
	default:
		return tftypes.NewValue(tftypes.String, nil)
	}
}

// mapValueOf returns a map of the configuration language.
func mapValueOf(elements map[string]string) tftypes.Value {
	values := map[string]tftypes.Value{}
	for key, element := range elements {
		values[key] = valueOf(element)
	}
	return tftypes.NewValue(tftypes.Map{ElementType: tftypes.String}, values)
}
