package governance

import (
	"reflect"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// A list has the same elements as the tuple that it replaces in the result of jsondecode.
func TestTuplesAsLists(t *testing.T) {
	null := tftypes.NewValue(tftypes.DynamicPseudoType, nil)
	grant := func(principal string, from ...any) map[string]any {
		return map[string]any{"principal": principal, "inherited_from": append([]any{}, from...), "display_name": null}
	}
	list := tftypes.List{ElementType: tftypes.String}
	for name, test := range map[string]struct {
		value any
		typ   tftypes.Type // nil if the type is unchanged
	}{
		"text":                  {value: "a"},
		"null":                  {value: null},
		"object":                {value: map[string]any{`quoted "name"`: "a", `["tuple",[`: true, `back\slash`: "b"}},
		"different elements":    {value: []any{"a", true}},
		"different attributes":  {value: []any{map[string]any{"a": "a"}, map[string]any{"b": "b"}}},
		"difference at the end": {value: []any{"a", "b", null}},
		"list":                  {value: listValueOf("a")},
		"no element":            {value: []any{}, typ: list},
		"texts":                 {value: []any{"a", "b"}, typ: list},
		"nested":                {value: []any{[]any{"a"}, []any{}, []any{"b", "c"}}, typ: tftypes.List{ElementType: list}},
		"nulls":                 {value: []any{null, null}, typ: tftypes.List{ElementType: tftypes.DynamicPseudoType}},
		"grants": {
			value: []any{grant("a", "/directories/1"), grant("b")},
			typ: tftypes.List{ElementType: tftypes.Object{AttributeTypes: map[string]tftypes.Type{
				"principal": tftypes.String, "inherited_from": list, "display_name": tftypes.DynamicPseudoType,
			}}},
		},
		"unknown element": {value: []any{unknownText, "a"}, typ: list},
	} {
		t.Run(name, func(t *testing.T) {
			value := valueOf(test.value)
			encoded, err := tfprotov6.NewDynamicValue(tftypes.DynamicPseudoType, value)
			if err != nil {
				t.Fatal(err)
			}
			simplified, err := tuplesAsLists(&encoded).Unmarshal(tftypes.DynamicPseudoType)
			if err != nil {
				t.Fatal(err)
			}
			want := test.typ
			if want == nil {
				want = value.Type()
			}
			if !simplified.Type().Equal(want) {
				t.Errorf("got type %s, want %s", simplified.Type(), want)
			}
			if got, want := plainOf(simplified), plainOf(value); !reflect.DeepEqual(got, want) {
				t.Errorf("got value %v, want %v", got, want)
			}
			if simplified.IsFullyKnown() != value.IsFullyKnown() {
				t.Error("got known elements, want unknown ones")
			}
		})
	}
}

// A value with an unexpected encoding is unchanged.
func TestTuplesAsLists_otherEncoding(t *testing.T) {
	for _, encoded := range []string{"", "\xc0", "\xa1a", "\x93\x01\x02\x03", "\x92", "\x92\xc4\x03", "\x92\xc4\x01[\xc0", "\xd4\x00\x00",
		// Types that are not compact.
		"\x92\xc4\x0d[\"tuple\",[] ]\x90", "\x92\xc4\x0d[\"tuple\",[ ]]\x90",
	} {
		if got := tuplesAsLists(&tfprotov6.DynamicValue{MsgPack: []byte(encoded)}); string(got.MsgPack) != encoded {
			t.Errorf("got %q, want %q", got.MsgPack, encoded)
		}
	}
}
