package governance

import (
	"encoding/csv"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/review"
)

// mustMatrix is permissionMatrix for valid arguments.
func mustMatrix(t *testing.T, grants any, format string) string {
	t.Helper()
	text, _, message := permissionMatrix(t, valueOf(grants), format)
	if message != "" {
		t.Fatalf("permission_matrix: got error %q", message)
	}
	return text
}

// permissionMatrix calls the function as Terraform does. message is the error, if there is one.
func permissionMatrix(t *testing.T, grants tftypes.Value, format string, options ...any) (text string, unknown bool, message string) {
	t.Helper()
	result, message := callFunction(t, "permission_matrix", append([]any{grants, format}, options...)...)
	if message != "" {
		return "", false, message
	}
	if !result.IsKnown() {
		return "", true, ""
	}
	if err := result.As(&text); err != nil {
		t.Fatal(err)
	}
	return text, false, ""
}

// matrixGrantOf returns a grant with the required attributes and more ones, as pairs of name and value.
func matrixGrantOf(experiment, kind, principal, level string, inherited bool, more ...any) map[string]any {
	g := map[string]any{"experiment_name": experiment, "kind": kind, "principal": principal, "level": level, "inherited": inherited}
	for i := 0; i+1 < len(more); i += 2 {
		g[fmt.Sprint(more[i])] = more[i+1]
	}
	return g
}

// The argument can be a review or only its grants.
func TestPermissionMatrix_decodes(t *testing.T) {
	t.Parallel()
	const churn, alpha = "/Projects/churn", "/Projects/alpha"
	given := []any{
		matrixGrantOf(churn, "user", "ana@example.com", "CAN_EDIT", false),
		matrixGrantOf(churn, "user", "ana@example.com", "CAN_MANAGE", true, "inherited_from_path", "/Projects",
			"inherited_from", []any{"/directories/3"}),
		matrixGrantOf(churn, "group", "risk", "CAN_READ", true, "inherited_from", []any{"/directories/7", "/directories/8"}),
		matrixGrantOf(churn, "group", "risk", "CAN_READ", false, "experiment_id", ""),
		matrixGrantOf(alpha, "service_principal", "6f1c", "CAN_EDIT", false, "display_name", "deployer", "experiment_id", "7"),
		matrixGrantOf(alpha, "group", "admins", "CAN_MANAGE", true, "inherited_from", "admin", "effective", true),
	}
	want := []review.Grant{
		{Experiment: churn, Kind: "user", Principal: "ana@example.com", Level: "CAN_EDIT"},
		{Experiment: churn, Kind: "user", Principal: "ana@example.com", Level: "CAN_MANAGE", Inherited: true,
			InheritedFrom: "/Projects", InheritedFromID: "/directories/3"},
		{Experiment: churn, Kind: "group", Principal: "risk", Level: "CAN_READ", Inherited: true,
			InheritedFrom: "/directories/7, /directories/8", InheritedFromID: "/directories/7, /directories/8"},
		{Experiment: churn, Kind: "group", Principal: "risk", Level: "CAN_READ"},
		{Experiment: alpha, ExperimentID: "7", Kind: "service_principal", Principal: "6f1c", DisplayName: "deployer", Level: "CAN_EDIT"},
		{Experiment: alpha, Kind: "group", Principal: "admins", Level: "CAN_MANAGE", Inherited: true,
			InheritedFrom: "admin", InheritedFromID: "admin", Effective: true},
	}
	whole := map[string]any{
		"grants": given, "default_level": "CAN_READ", "counts": map[string]any{},
		"experiments": []any{map[string]any{"id": "", "name": churn}, map[string]any{"id": "9", "name": "/Projects/zero"}},
		"unreadable":  []any{map[string]any{"experiment_id": "1", "experiment_name": "/Projects/nb", "reason": "It is\na notebook."}},
	}
	for name, c := range map[string]struct {
		given any
		want  review.Review
	}{
		"grants": {given, review.Review{Grants: want}},
		"a review": {whole, review.Review{
			Grants: want, DefaultLevel: "CAN_READ", Experiments: []review.Experiment{{Name: churn}, {ID: "9", Name: "/Projects/zero"}},
			Unreadable: []review.Unreadable{{ExperimentID: "1", Experiment: "/Projects/nb", Reason: "It is\na notebook."}},
		}},
	} {
		if got, err := decodeReview(valueOf(c.given)); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %+v (%v), want %+v", name, got, err, c.want)
		}
		for format, render := range matrixFormats {
			text, err := render(c.want, review.PageOptions{})
			if got := mustMatrix(t, c.given, format); err != nil || got != text {
				t.Errorf("%s, %s: got\n%s\nwant\n%s (%v)", name, format, got, text, err)
			}
		}
	}
}

// Grants can lack optional attributes, and have other types.
func TestPermissionMatrix_leastGrant(t *testing.T) {
	t.Parallel()
	grant := func(level string, inherited bool, more ...any) map[string]any {
		return matrixGrantOf("e", "user", "u", level, inherited, more...)
	}
	for name, c := range map[string]struct {
		grants []any
		want   string
	}{
		"an effective grant": {[]any{grant("DENY", false, "effective", true), grant("CAN_MANAGE", true, "effective", false)}, "DENY"},
		"without inherited": {
			[]any{map[string]any{"experiment_name": "e", "kind": "user", "principal": "u", "level": "CAN_READ"}}, "CAN_READ",
		},
		"maps instead of objects": {
			[]any{mapValueOf(map[string]string{"experiment_name": "e", "kind": "user", "principal": "u", "level": "CAN_EDIT"})}, "CAN_EDIT",
		},
	} {
		lines, err := csv.NewReader(strings.NewReader(mustMatrix(t, c.grants, "csv"))).ReadAll()
		if err != nil || len(lines) != 2 || lines[1][2] != c.want {
			t.Errorf("%s: got %q (%v), want %q", name, lines, err, c.want)
		}
	}
}

// The review and the client order levels in the same way.
func TestPermissionMatrix_levels(t *testing.T) {
	t.Parallel()
	levels := []string{
		mlflow.LevelRead, mlflow.LevelUse, mlflow.LevelRun, mlflow.LevelEdit, mlflow.LevelManage, mlflow.LevelNone,
		mlflow.LevelDeny, "CAN_FLY",
	}
	ranked := levels[:5]
	for _, a := range levels {
		for _, b := range levels {
			lower := a != b && mlflow.IncludesLevel(b, a) || a == mlflow.LevelNone || a == mlflow.LevelDeny
			if got, want := review.MeetsLevel(a, b), !slices.Contains(ranked, b) || !lower; got != want {
				t.Errorf("MeetsLevel(%s, %s): got %t, want %t", a, b, got, want)
			}
			want := mlflow.HighestLevels([]string{a, b})
			if slices.Equal(want, []string{mlflow.LevelRun, mlflow.LevelUse}) {
				continue // no server has both
			}
			if !slices.Contains(ranked, a) {
				want = want[:1] // of levels without a rank, the matrix shows the first one
			}
			text := mustMatrix(t, []any{matrixGrantOf("e", "user", "u", a, false), matrixGrantOf("e", "user", "u", b, false)}, "csv")
			if end := `,"` + strings.Join(want, ", ") + `"` + "\n"; !strings.HasSuffix(text, end) {
				t.Errorf("%s and %s: got %s, want %s", a, b, text, end)
			}
		}
	}
}

func TestPermissionMatrix_arguments(t *testing.T) {
	t.Parallel()
	valid := matrixGrantOf("e", "user", "u", "CAN_READ", false)
	invalid := matrixGrantOf("e", "user", "u", "", false)
	for want, c := range map[string]struct {
		grants tftypes.Value
		format string
	}{
		`"level" must be a non-empty string`:          {valueOf([]any{valid, invalid}), "csv"},
		`grants[1]: `:                                 {valueOf([]any{valid, invalid}), "html"},
		`grants[0] is not an object`:                  {valueOf([]any{"x"}), "csv"},
		`grants is not a list`:                        {valueOf("x"), "csv"},
		`the object has no attribute "grants"`:        {valueOf(valid), "csv"},
		`unreadable is not a list`:                    {valueOf(map[string]any{"grants": []any{}, "unreadable": "x"}), "csv"},
		`must be one of: ["csv" "html" "lines" "mark`: {valueOf([]any{valid}), "HTML"},
	} {
		if _, _, message := permissionMatrix(t, c.grants, c.format); !strings.Contains(message, want) {
			t.Errorf("got error %q, want %q", message, want)
		}
	}
	unknownLevel := matrixGrantOf("e", "user", "u", "", false, "level", tftypes.NewValue(tftypes.String, tftypes.UnknownValue))
	if _, unknown, message := permissionMatrix(t, valueOf([]any{valid, unknownLevel}), "csv"); !unknown {
		t.Errorf("unknown level: got a known result or error %q", message)
	}
	for format := range matrixFormats {
		if text := mustMatrix(t, []any{}, format); text == "" {
			t.Errorf("%s: got an empty text for no grants", format)
		}
	}
}
