package governance

import (
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/vmihailenco/msgpack/v5"
)

// newListType returns the type of lists of objects with the attributes.
func newListType(attributes map[string]attr.Type) types.ListType {
	return types.ListType{ElemType: types.ObjectType{AttrTypes: attributes}}
}

// listOf returns the encoded elements of a list. It is never nil, which would be null.
func listOf[E, R any](elements []E, encode func(E) R) []R {
	list := make([]R, len(elements))
	for i, e := range elements {
		list[i] = encode(e)
	}
	return list
}

// textList is a list of strings that is never null.
type textList []string

// EncodeMsgpack implements [msgpack.CustomEncoder].
func (l textList) EncodeMsgpack(e *msgpack.Encoder) error {
	if err := e.EncodeArrayLen(len(l)); err != nil {
		return err
	}
	for _, text := range l {
		if err := e.EncodeString(text); err != nil {
			return err
		}
	}
	return nil
}

// optionalText is a string that is null if it is empty.
type optionalText string

// EncodeMsgpack implements [msgpack.CustomEncoder].
func (t optionalText) EncodeMsgpack(e *msgpack.Encoder) error {
	if t == "" {
		return e.EncodeNil()
	}
	return e.EncodeString(string(t))
}
