package governance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/vmihailenco/msgpack/v5"
)

// CallFunction sends a function call to next, the framework's server, without the cost that the framework adds to each value of a large
// review. It simplifies the types of the arguments, and it returns the result that the function encoded itself. The error is that of
// next; errors of the function are part of the response.
func CallFunction(
	ctx context.Context, req *tfprotov6.CallFunctionRequest,
	next func(context.Context, *tfprotov6.CallFunctionRequest) (*tfprotov6.CallFunctionResponse, error),
) (*tfprotov6.CallFunctionResponse, error) {
	simplified := &tfprotov6.CallFunctionRequest{Name: req.Name}
	for _, argument := range req.Arguments {
		simplified.Arguments = append(simplified.Arguments, tuplesAsLists(argument))
	}
	var result encodedResult
	resp, err := next(context.WithValue(ctx, encodedResultKey{}, &result), simplified)
	if err == nil && resp.Error == nil && result.msgPack != nil {
		resp.Result = &tfprotov6.DynamicValue{MsgPack: result.msgPack}
	}
	return resp, err
}

// encodedResult is the result of a call, encoded. It is nil if the function returned its result to the framework.
type encodedResult struct{ msgPack []byte }

// encodedResultKey is the context key of the encodedResult of a call.
type encodedResultKey struct{}

// call calls compute with the arguments, and encodes what it returns with [msgpack.Marshal]. The result is unknown if an argument is not
// known entirely.
func call(
	ctx context.Context, req function.RunRequest, resp *function.RunResponse, arguments int,
	compute func(arguments []tftypes.Value) (any, error),
) {
	values, known := make([]tftypes.Value, arguments), true
	for i := range values {
		if values[i], resp.Error = argument(ctx, req, i); resp.Error != nil {
			return
		}
		known = known && values[i].IsFullyKnown()
	}
	if !known {
		return // the framework's initial result is unknown
	}
	result, ok := ctx.Value(encodedResultKey{}).(*encodedResult)
	if !ok {
		resp.Error = function.NewFuncError("The function was called without CallFunction. This is a bug in the provider.")
		return
	}
	computed, err := compute(values)
	if err == nil {
		result.msgPack, err = msgpack.Marshal(computed)
	}
	var invalid *argumentError
	switch {
	case errors.As(err, &invalid):
		resp.Error = function.NewArgumentFuncError(invalid.position, invalid.Error())
	case err != nil:
		resp.Error = function.NewFuncError(err.Error())
	}
}

// argument returns an argument of a call, by position.
func argument(ctx context.Context, req function.RunRequest, position int) (tftypes.Value, *function.FuncError) {
	var given attr.Value
	if err := req.Arguments.GetArgument(ctx, position, &given); err != nil {
		return tftypes.Value{}, err
	}
	value, err := given.ToTerraformValue(ctx)
	if err != nil {
		return value, function.NewArgumentFuncError(int64(position), err.Error())
	}
	return value, nil
}

// argumentError is an error in the argument at a position.
type argumentError struct {
	position int64
	error
}

// inArgument returns an error in the argument at a position, nil if err is nil.
func inArgument(position int64, err error) error {
	if err == nil {
		return nil
	}
	return &argumentError{position, err}
}

// tuplesAsLists returns a value with a simpler type. A value from jsondecode has a tuple type that contains a type for each element, and
// takes longer to decode than the value. If the elements have the same type, a list type describes the same encoded value.
func tuplesAsLists(value *tfprotov6.DynamicValue) *tfprotov6.DynamicValue {
	reader := bytes.NewReader(value.MsgPack)
	decoder := msgpack.NewDecoder(reader)
	if n, err := decoder.DecodeArrayLen(); err != nil || n != 2 {
		return value // null, unknown, or not of dynamic type
	}
	typ, err := decoder.DecodeBytes()
	if err != nil || !json.Valid(typ) {
		return value
	}
	simplified := typeWithLists(typ)
	encoded, err := msgpack.Marshal(simplified)
	if err != nil || !json.Valid(simplified) { // the type was not compact
		return value
	}
	const pair = 0x92 // an array of two elements
	content := value.MsgPack[len(value.MsgPack)-reader.Len():]
	return &tfprotov6.DynamicValue{MsgPack: slices.Concat([]byte{pair}, encoded, content)}
}

// typeWithLists returns a type as the plugin protocol encodes it, in valid JSON, with lists for tuples whose elements have the same type.
func typeWithLists(typ []byte) []byte {
	r := typeReader{in: typ, out: make([]byte, 0, len(typ))}
	for len(r.in) > 0 {
		r.value()
	}
	return r.out
}

// typeReader copies JSON from in to out.
type typeReader struct{ in, out []byte }

func (r *typeReader) copy(n int) {
	r.out = append(r.out, r.in[:n]...)
	r.in = r.in[n:]
}

// tupleStart is how a tuple type starts.
var tupleStart = []byte(`["tuple",[`)

// value copies a string, an array, an object, or a single other byte.
func (r *typeReader) value() {
	switch {
	case bytes.HasPrefix(r.in, tupleStart):
		r.tuple()
	case r.in[0] == '[' || r.in[0] == '{':
		r.copy(1)
		for r.in[0] != ']' && r.in[0] != '}' {
			r.value()
		}
		r.copy(1)
	case r.in[0] == '"':
		end := 1
		for ; r.in[end] != '"'; end++ {
			if r.in[end] == '\\' {
				end++
			}
		}
		r.copy(end + 1)
	default:
		r.copy(1)
	}
}

// tuple copies a tuple type. The type of the elements of an empty list does not matter.
func (r *typeReader) tuple() {
	start := len(r.out)
	r.copy(len(tupleStart))
	first, same := []byte(`"string"`), true
	for n := 0; r.in[0] != ']'; n++ {
		element := len(r.out)
		r.value()
		if n == 0 {
			first = slices.Clone(r.out[element:])
		}
		same = same && bytes.Equal(r.out[element:], first)
		if r.in[0] == ',' {
			r.copy(1)
		}
	}
	r.copy(len(`]]`))
	if same {
		r.out = append(append(append(r.out[:start], `["list",`...), first...), ']')
	}
}
