package governance

import (
	"context"
	"fmt"
	"math/big"
	"slices"
	"strconv"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// anyType is the type of an argument of any type. Its values remain values of the plugin protocol, because the framework would convert
// each element of a large review twice.
type anyType struct{ basetypes.DynamicType }

var _ basetypes.DynamicTypable = anyType{}

// Equal implements [attr.Type].
func (anyType) Equal(o attr.Type) bool {
	_, ok := o.(anyType)
	return ok
}

// ValueFromTerraform implements [attr.Type].
func (anyType) ValueFromTerraform(_ context.Context, value tftypes.Value) (attr.Value, error) {
	return protocolValue{value: value}, nil
}

// ValueFromDynamic implements [basetypes.DynamicTypable].
func (anyType) ValueFromDynamic(ctx context.Context, v basetypes.DynamicValue) (basetypes.DynamicValuable, diag.Diagnostics) {
	value, err := v.ToTerraformValue(ctx)
	if err != nil {
		return nil, diag.Diagnostics{diag.NewErrorDiagnostic("Could not convert value", err.Error())}
	}
	return protocolValue{value: value}, nil
}

// ValueType implements [attr.Type].
func (anyType) ValueType(context.Context) attr.Value { return protocolValue{} }

// protocolValue is an argument as a value of the plugin protocol.
type protocolValue struct {
	basetypes.DynamicValue

	value tftypes.Value
}

// Type implements [attr.Value].
func (v protocolValue) Type(context.Context) attr.Type { return anyType{} }

// ToTerraformValue implements [attr.Value].
func (v protocolValue) ToTerraformValue(context.Context) (tftypes.Value, error) { return v.value, nil }

// Equal implements [attr.Value].
func (v protocolValue) Equal(o attr.Value) bool {
	other, ok := o.(protocolValue)
	return ok && v.value.Equal(other.value)
}

// IsNull implements [attr.Value].
func (v protocolValue) IsNull() bool { return v.value.IsNull() }

// IsUnknown implements [attr.Value].
func (v protocolValue) IsUnknown() bool { return !v.value.IsKnown() }

// String implements [attr.Value].
func (v protocolValue) String() string { return v.value.String() }

// fields reads the attributes of an object or a map. It keeps the first error.
type fields struct {
	attributes map[string]tftypes.Value
	err        error
}

// fieldsOf returns the attributes of a value. ok is false if it is null or not an object.
func fieldsOf(value tftypes.Value) (f *fields, ok bool) {
	f = &fields{}
	if err := value.As(&f.attributes); err != nil || value.IsNull() {
		return nil, false
	}
	return f, true
}

// has reports whether an attribute exists and is not null.
func (f *fields) has(name string) bool {
	value, ok := f.attributes[name]
	return ok && !value.IsNull()
}

func (f *fields) fail(format string, arguments ...any) {
	if f.err == nil {
		f.err = fmt.Errorf(format, arguments...)
	}
}

// text returns a string attribute, or a number or a bool as a string. It is empty if the attribute is missing or null.
func (f *fields) text(name string) string {
	value, ok := f.attributes[name]
	if !ok {
		return ""
	}
	text, ok := asText(value)
	if !ok {
		f.fail("%q must be a string", name)
	}
	return text
}

// required is text for an attribute that must not be empty.
func (f *fields) required(name string) string {
	text := f.text(name)
	if text == "" {
		f.fail("%q must be a non-empty string", name)
	}
	return text
}

// asText returns a string, a number, or a bool as a string. It is empty for null.
func asText(value tftypes.Value) (text string, ok bool) {
	if value.IsNull() {
		return "", true
	}
	if value.As(&text) == nil {
		return text, true
	}
	var number big.Float
	var flag bool
	switch {
	case value.As(&flag) == nil:
		return strconv.FormatBool(flag), true
	case value.As(&number) == nil:
		return number.Text('f', -1), true
	}
	return "", false
}

// flag returns a bool attribute, or one that is "true" or "false". It is false if the attribute is missing or null.
func (f *fields) flag(name string) bool {
	var flag bool
	value, ok := f.attributes[name]
	if !ok || value.IsNull() || value.As(&flag) == nil {
		return flag
	}
	text, _ := asText(value)
	if text != "true" && text != "false" && text != "" {
		f.fail("%q is not true or false", name)
	}
	return text == "true"
}

// texts returns a list of strings, or one string as a list. It is empty if the attribute is missing or null.
func (f *fields) texts(name string) []string {
	value, ok := f.attributes[name]
	if !ok || value.IsNull() {
		return nil
	}
	var elements []tftypes.Value
	if value.As(&elements) != nil {
		if text := f.text(name); text != "" {
			return []string{text}
		}
		return nil
	}
	texts := make([]string, 0, len(elements))
	for i, element := range elements {
		text, ok := asText(element)
		if !ok || text == "" {
			f.fail("%s[%d] is not a string", name, i)
		}
		texts = append(texts, text)
	}
	return texts
}

// textMap returns a map of strings, without those that are null.
func (f *fields) textMap(name string) map[string]string {
	if !f.has(name) {
		return nil
	}
	inner, ok := fieldsOf(f.attributes[name])
	if !ok {
		f.fail("%q is not a map", name)
		return nil
	}
	texts := make(map[string]string, len(inner.attributes))
	for key, value := range inner.attributes {
		text, ok := asText(value)
		if !ok {
			f.fail("%s[%q] is not a string", name, key)
		}
		if !value.IsNull() {
			texts[key] = text
		}
	}
	return texts
}

// each calls do with every object in a list, set, or tuple attribute. A missing or null attribute has none.
func (f *fields) each(name string, do func(*fields)) {
	if f.has(name) && f.err == nil {
		f.err = eachIn(f.attributes[name], name, do)
	}
}

// eachIn calls do with every object in a list, set, or tuple, and returns the first error of one of them.
func eachIn(list tftypes.Value, name string, do func(*fields)) error {
	var elements []tftypes.Value
	if err := list.As(&elements); err != nil || list.IsNull() {
		return fmt.Errorf("%s is not a list", name)
	}
	for i, element := range elements {
		f, ok := fieldsOf(element)
		if !ok {
			return fmt.Errorf("%s[%d] is not an object", name, i)
		}
		if do(f); f.err != nil {
			return fmt.Errorf("%s[%d]: %w", name, i, f.err)
		}
	}
	return nil
}

// unknownNames returns the attributes that have other names, sorted.
func (f *fields) unknownNames(known ...string) []string {
	var unknown []string
	for name := range f.attributes {
		if !slices.Contains(known, name) {
			unknown = append(unknown, strconv.Quote(name))
		}
	}
	slices.Sort(unknown)
	return unknown
}
