package governance

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// objectType is the type of objects in a result, in the framework and in the plugin protocol.
type objectType struct {
	types.ObjectType

	protocol tftypes.Type
}

func newObjectType(attributes map[string]attr.Type) objectType {
	t := objectType{ObjectType: types.ObjectType{AttrTypes: attributes}}
	t.protocol = t.TerraformType(context.Background())
	return t
}

// list returns the type of lists of the objects.
func (t objectType) list() types.ListType { return types.ListType{ElemType: t.ObjectType} }

// value returns an object.
func (t objectType) value(attributes map[string]tftypes.Value) tftypes.Value {
	return tftypes.NewValue(t.protocol, attributes)
}

// listOf returns a list of objects.
func listOf[E any](t objectType, elements []E, encode func(E) tftypes.Value) tftypes.Value {
	values := make([]tftypes.Value, len(elements))
	for i, e := range elements {
		values[i] = encode(e)
	}
	return tftypes.NewValue(tftypes.List{ElementType: t.protocol}, values)
}

func textValue(text string) tftypes.Value { return tftypes.NewValue(tftypes.String, text) }

// optionalText returns null for an empty text.
func optionalText(text string) tftypes.Value {
	if text == "" {
		return nullText
	}
	return textValue(text)
}

func textsValue(texts []string) tftypes.Value {
	values := make([]tftypes.Value, len(texts))
	for i, text := range texts {
		values[i] = textValue(text)
	}
	return tftypes.NewValue(textsType, values)
}

func flagValue(flag bool) tftypes.Value {
	if flag {
		return trueValue
	}
	return falseValue
}

func numberValue(n int) tftypes.Value { return tftypes.NewValue(tftypes.Number, n) }

// Types and values that many results share.
var (
	textsType  = tftypes.List{ElementType: tftypes.String}
	nullText   = tftypes.NewValue(tftypes.String, nil)
	trueValue  = tftypes.NewValue(tftypes.Bool, true)
	falseValue = tftypes.NewValue(tftypes.Bool, false)
)
