package provider

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/csv"
	"fmt"
	"html"
	"math/rand/v2"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// permissionMatrix calls the function as a CLI does.
func permissionMatrix(t *testing.T, grants tftypes.Value, format string) (text string, unknown bool, refused string) {
	t.Helper()
	server, err := providerserver.NewProtocol6WithError(New("test")())()
	if err != nil {
		t.Fatal(err)
	}
	first, err := tfprotov6.NewDynamicValue(tftypes.DynamicPseudoType, grants)
	if err != nil {
		t.Fatal(err)
	}
	second, err := tfprotov6.NewDynamicValue(tftypes.String, tftypes.NewValue(tftypes.String, format))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := server.CallFunction(t.Context(), &tfprotov6.CallFunctionRequest{
		Name: "permission_matrix", Arguments: []*tfprotov6.DynamicValue{&first, &second},
	})
	if err != nil {
		t.Fatal(err)
	}
	if resp.Error != nil {
		return "", false, resp.Error.Text
	}
	result, err := resp.Result.Unmarshal(tftypes.String)
	if err != nil {
		t.Fatal(err)
	}
	if !result.IsKnown() {
		return "", true, ""
	}
	if err := result.As(&text); err != nil {
		t.Fatal(err)
	}
	return text, false, ""
}

// mustMatrix is permissionMatrix for what must not be refused.
func mustMatrix(t *testing.T, grants any, format string) string {
	t.Helper()
	text, _, refused := permissionMatrix(t, valueOf(grants), format)
	if refused != "" {
		t.Fatalf("permission_matrix says %q", refused)
	}
	return text
}

// valueOf gives objects, tuples, strings and bools of the configuration language.
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

// matrixGrantOf is the least that a grant has.
func matrixGrantOf(experiment, kind, principal, level string, inherited bool, more ...any) map[string]any {
	g := map[string]any{"experiment_name": experiment, "kind": kind, "principal": principal, "level": level, "inherited": inherited}
	for i := 0; i+1 < len(more); i += 2 {
		g[fmt.Sprint(more[i])] = more[i+1]
	}
	return g
}

func someGrants() []any {
	return []any{
		matrixGrantOf("/Projects/churn", "user", "ana@example.com", "CAN_EDIT", false),
		matrixGrantOf("/Projects/churn", "user", "ana@example.com", "CAN_MANAGE", true, "inherited_from_path", "/Projects"),
		matrixGrantOf("/Projects/churn", "group", "risk", "CAN_READ", true, "inherited_from", []any{"/directories/7"}),
		matrixGrantOf("/Projects/churn", "group", "risk", "CAN_READ", false),
		matrixGrantOf("/Projects/alpha", "service_principal", "6f1c", "CAN_EDIT", false, "display_name", "deployer"),
		matrixGrantOf("/Projects/alpha", "group", "admins", "CAN_MANAGE", true),
	}
}

func TestPermissionMatrix_markdown(t *testing.T) {
	t.Parallel()
	const want = "" +
		"| Experiment        | `CAN_MANAGE`        | `CAN_EDIT`                          | `CAN_READ`   |\n" +
		"|-------------------|---------------------|-------------------------------------|--------------|\n" +
		"| `/Projects/alpha` | *group `admins`*    | service principal `deployer (6f1c)` |              |\n" +
		"| `/Projects/churn` | *`ana@example.com`* |                                     | group `risk` |\n" +
		"\n*Italic*: inherited.\n"
	if got := mustMatrix(t, someGrants(), "markdown"); got != want {
		t.Errorf("the table is\n%s\nwant\n%s", got, want)
	}
	review := map[string]any{
		"grants": someGrants(), "default_level": "CAN_READ", "counts": map[string]any{},
		"experiments": []any{map[string]any{"id": "", "name": "/Projects/churn"}, map[string]any{"id": "9", "name": "/Projects/zero"}},
		"unreadable":  []any{map[string]any{"experiment_id": "1", "experiment_name": "/Projects/nb", "reason": "It is\na notebook."}},
	}
	got := mustMatrix(t, review, "markdown")
	for _, part := range []string{
		"| `/Projects/churn` |", "| `/Projects/zero`  |", "*Italic*: inherited. Every user has at least `CAN_READ` on every experiment.\n",
		"Not readable:\n\n- `/Projects/nb`: <code>It is␊a notebook.</code>\n",
	} {
		if !strings.Contains(got, part) {
			t.Errorf("the table of a review lacks %q:\n%s", part, got)
		}
	}
	review["default_level"] = "NO_PERMISSIONS"
	if got := mustMatrix(t, review, "markdown"); strings.Contains(got, "at least") {
		t.Errorf("the table says that every user has at least nothing:\n%s", got)
	}
}

func TestPermissionMatrix_csv(t *testing.T) {
	t.Parallel()
	lines, err := csv.NewReader(strings.NewReader(mustMatrix(t, someGrants(), "csv"))).ReadAll()
	want := [][]string{
		{"experiment", "experiment_id", "group admins", "group risk", "user ana@example.com", "service principal deployer (6f1c)"},
		{"/Projects/alpha", "", "CAN_MANAGE (inherited)", "", "", "CAN_EDIT"},
		{"/Projects/churn", "", "", "CAN_READ", "CAN_MANAGE (inherited)", ""},
	}
	if err != nil || !reflect.DeepEqual(lines, want) {
		t.Errorf("the lines are %q (%v), want %q", lines, err, want)
	}
}

// hostile are names that mean something to a spreadsheet, to Markdown, to HTML, to a script, or to the reader's eyes.
var hostile = []string{
	"=HYPERLINK(\"http://evil\")", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "＝1", "a;=1", "a\t=1", "a\n=1", " \t=1", "a;\"=1", "a|b", "a\\|b", "`code`", "``", "a\nb", "*bold*", "_x_", "[a](http://evil)",
	"<script>alert(1)</script>", "</script><script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "'onmouseover='alert(1)", "{{.}}", "${7*7}", "]]>", "<!--",
	"&lt;", "\u202eright to left", "zero\u200bwidth", "\u2028", "@octocat", " space ", "模型 ☃", "\x00", "javascript:alert(1)", "</style>", "</title>",
}

func hostileGrants() []any {
	var grants []any
	for i, name := range hostile {
		grants = append(grants, matrixGrantOf(name, "user", hostile[len(hostile)-1-i], "CAN_EDIT", i%2 == 0, "display_name", name, "inherited_from_path", name),
			matrixGrantOf(name, name, name, name, false))
	}
	return grants
}

func TestPermissionMatrix_hostileCSV(t *testing.T) {
	t.Parallel()
	lines, err := csv.NewReader(strings.NewReader(mustMatrix(t, hostileGrants(), "csv"))).ReadAll()
	if err != nil || len(lines) != 1+len(hostile) {
		t.Fatalf("there are %d lines: %v", len(lines), err)
	}
	for _, line := range lines {
		for _, cell := range line {
			// Whatever the separator of the locale, no piece of a cell begins as a formula does.
			for _, piece := range regexp.MustCompile("[;,|\t\r\n\u2028]").Split(cell, -1) {
				piece = strings.TrimLeftFunc(piece, func(r rune) bool { return r == '"' || !unicode.IsGraphic(r) || unicode.IsSpace(r) })
				if first, _ := utf8.DecodeRuneInString(piece); piece != "" && strings.ContainsRune("=+-@＝＋－＠", first) {
					t.Errorf("a spreadsheet takes %q for a formula", cell)
				}
			}
		}
	}
}

func TestEscapeFormula(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string]string{
		"": "", "/Shared/churn": "/Shared/churn", "a=b": "a=b", "user ana+test@example.com": "user ana+test@example.com", "2026-11-25": "2026-11-25",
		"a; b": "a; b", "a, b-c": "a, b-c", "'=1": "'=1",
		"=1": "'=1", "+1": "'+1", "-1": "'-1", "@A1": "'@A1", "＝1": "'＝1", "＋1": "'＋1", "－1": "'－1", "＠A1": "'＠A1",
		"  =1": "  '=1", "\u00a0=1": "\u00a0'=1", "\u3000=1": "\u3000'=1", "\ufeff=1": "\ufeff'=1", "\u200b=1": "\u200b'=1", "\x00=1": "\x00'=1", "\"=1": "\"'=1",
		"\t=1": "\t'=1", "\r\n=1": "\r\n'=1", " \t=1": " \t'=1",
		"a;=1": "a;'=1", "a; +1": "a; '+1", "a;\"=1": "a;\"'=1", "a;;=1": "a;;'=1", "a,-1": "a,'-1", "a|@A1": "a|'@A1", "a\t=1": "a\t'=1", "a\n=1": "a\n'=1",
		"a\n\n =1": "a\n\n '=1", "a\r=1": "a\r'=1", "a\u2028=1": "a\u2028'=1", "a;＝1": "a;'＝1", "=1;=2": "'=1;'=2", "user x;=1": "user x;'=1",
	} {
		if got := escapeFormula(cell); got != want {
			t.Errorf("%q is escaped as %q, want %q", cell, got, want)
		}
	}
}

// A spreadsheet in a locale with another separator finds no cell of its own in names.
func TestPermissionMatrix_quotesEveryCell(t *testing.T) {
	t.Parallel()
	got := mustMatrix(t, []any{matrixGrantOf("a;=1+1", "user", "b\";=1+1;\"", "CAN_READ", false)}, "csv")
	const want = `"experiment","experiment_id","user b"";'=1+1;""` + "\"\n" + `"a;'=1+1","","CAN_READ"` + "\n"
	if got != want {
		t.Errorf("the lines are\n%s\nwant\n%s", got, want)
	}
}

func TestPermissionMatrix_hostileMarkdown(t *testing.T) {
	t.Parallel()
	got := mustMatrix(t, hostileGrants(), "markdown")
	table, _, _ := strings.Cut(got, "\n\n")
	lines := strings.Split(table, "\n")
	if len(lines) != 2+len(hostile) {
		t.Errorf("there are %d lines", len(lines))
	}
	spans := regexp.MustCompile("`[^`|<>\\\\]*`|<code>[^`|<>\\\\]*</code>")
	for _, line := range lines {
		if strings.Count(line, "|") != strings.Count(lines[0], "|") {
			t.Errorf("a name made cells in %q", line)
		}
		if rest := spans.ReplaceAllString(line, ""); strings.ContainsAny(rest, "`<>\\@[{$\"'") {
			t.Errorf("something of a name is left in %q", rest)
		}
	}
	if strings.ContainsAny(got, "\u202e\u200b\u2028\x00\r\t") {
		t.Errorf("something that can't be seen is in\n%s", got)
	}
}

func TestPermissionMatrix_html(t *testing.T) {
	t.Parallel()
	page := mustMatrix(t, map[string]any{
		"grants": someGrants(), "default_level": "CAN_READ", "unreadable": []any{map[string]any{"experiment_name": "/Projects/nb", "reason": "It is a notebook."}},
	}, "html")
	for _, part := range []string{
		"<title>Who may do what: 2 experiments, 4 principals</title>", "<dt><bdi>/Projects/nb</bdi></dt><dd><bdi>It is a notebook.</bdi></dd>",
		`title="service principal deployer (6f1c)"`, "Every user has at least <b>CAN_READ</b> on every experiment.",
		`<tr><th scope="row" data-find="/Projects/churn"><bdi><span>/Projects/</span><b>churn</b></bdi></th><td></td><td><span class="level level-R" data-level="CAN_READ" ` +
			"title=\"group risk\nCAN_READ, granted directly\nCAN_READ, inherited from /directories/7\">R</span></td>" +
			`<td class="first"><span class="level level-M inherited" data-level="CAN_MANAGE" title="user ana@example.com` +
			"\nCAN_EDIT, granted directly\nCAN_MANAGE, inherited from /Projects\">M</span></td>",
	} {
		if !strings.Contains(page, part) {
			t.Errorf("the page lacks %q:\n%s", part, page)
		}
	}
	expectSelfContained(t, page)
}

// expectSelfContained checks that a page asks for nothing, and that its one script is the one that it allows.
func expectSelfContained(t *testing.T, page string) {
	t.Helper()
	for _, tag := range regexp.MustCompile(`<[^>]*>`).FindAllString(page, -1) {
		tag = regexp.MustCompile(`(title|data-find|data-level)="[^"]*"`).ReplaceAllString(tag, "") // they hold names
		if m := regexp.MustCompile(`(?i)^<(link|iframe|img|object|embed|base)\b|\b(src|on\w+)=|href="[^#]`).FindString(tag); m != "" {
			t.Errorf("the page asks for something, or runs it: %s in %s", m, tag)
		}
	}
	if style := regexp.MustCompile(`(?s)<style>(.*?)</style>`).FindString(page); style == "" || strings.Contains(style, "url(") || strings.Contains(style, "@import") {
		t.Errorf("the style asks for something: %s", style)
	}
	scripts := regexp.MustCompile(`(?s)<script>(.*?)</script>`).FindAllStringSubmatch(page, -1)
	if len(scripts) != 1 {
		t.Fatalf("there are %d scripts", len(scripts))
	}
	hash := sha256.Sum256([]byte(scripts[0][1]))
	policy := "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) + "'"
	if found := regexp.MustCompile(`Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(page); found == nil || html.UnescapeString(found[1]) != policy {
		t.Errorf("the policy is %q, want %q", found, policy)
	}
}

func TestPermissionMatrix_hostileHTML(t *testing.T) {
	t.Parallel()
	page := mustMatrix(t, hostileGrants(), "html")
	expectSelfContained(t, page)
	if n := strings.Count(page, "<tr>"); n != 1+len(hostile) {
		t.Errorf("there are %d lines", n)
	}
	for _, name := range hostile[:20] {
		if strings.ContainsAny(name, "<\"") && strings.Contains(page, name) {
			t.Errorf("%q stands in the page as it is", name)
		}
	}
}

// The order of the grants does not matter.
func TestPermissionMatrix_deterministic(t *testing.T) {
	t.Parallel()
	for format := range matrixFormats {
		grants := append(someGrants(), hostileGrants()...)
		want := mustMatrix(t, grants, format)
		for seed := range uint64(5) {
			rand.New(rand.NewPCG(seed, 1)).Shuffle(len(grants), func(i, j int) { grants[i], grants[j] = grants[j], grants[i] })
			if mustMatrix(t, grants, format) != want {
				t.Fatalf("%s depends on the order of the grants", format)
			}
		}
	}
}

// Which of several grants counts.
func TestPermissionMatrix_counts(t *testing.T) {
	t.Parallel()
	grant := func(level string, inherited bool, more ...any) map[string]any {
		return matrixGrantOf("e", "user", "u", level, inherited, more...)
	}
	for name, c := range map[string]struct {
		grants []any
		want   string
	}{
		"the higher":              {[]any{grant("CAN_READ", false), grant("CAN_MANAGE", true), grant("CAN_EDIT", false)}, "CAN_MANAGE (inherited)"},
		"the direct of two":       {[]any{grant("CAN_EDIT", true), grant("CAN_EDIT", false)}, "CAN_EDIT"},
		"use above read":          {[]any{grant("USE", false), grant("CAN_READ", false)}, "USE"},
		"what the review says":    {[]any{grant("DENY", false, "effective", true), grant("CAN_MANAGE", true, "effective", false)}, "DENY"},
		"known before unknown":    {[]any{grant("CAN_FLY", false), grant("CAN_READ", true)}, "CAN_READ (inherited)"},
		"an unknown one by name":  {[]any{grant("CAN_FLY", true)}, "CAN_FLY (inherited)"},
		"inherited left out":      {[]any{map[string]any{"experiment_name": "e", "kind": "user", "principal": "u", "level": "CAN_READ"}}, "CAN_READ"},
		"maps instead of objects": {[]any{tftypes.NewValue(tftypes.Map{ElementType: tftypes.String}, map[string]tftypes.Value{"experiment_name": valueOf("e"), "kind": valueOf("user"), "principal": valueOf("u"), "level": valueOf("CAN_EDIT")})}, "CAN_EDIT"},
	} {
		lines, err := csv.NewReader(strings.NewReader(mustMatrix(t, c.grants, "csv"))).ReadAll()
		if err != nil || len(lines) != 2 || lines[1][2] != c.want {
			t.Errorf("%s: the lines are %q (%v), want %q", name, lines, err, c.want)
		}
	}
}

func TestPermissionMatrix_arguments(t *testing.T) {
	t.Parallel()
	good := matrixGrantOf("e", "user", "u", "CAN_READ", false)
	bad := matrixGrantOf("e", "user", "u", "", false)
	for want, c := range map[string]struct {
		grants tftypes.Value
		format string
	}{
		`"level" is missing or not a text`:     {valueOf([]any{good, bad}), "csv"},
		`grants[1]: `:                          {valueOf([]any{good, bad}), "html"},
		`grants[0] is not an object`:           {valueOf([]any{"x"}), "csv"},
		`grants is not a list`:                 {valueOf("x"), "csv"},
		`the object has no attribute "grants"`: {valueOf(good), "csv"},
		`unreadable is not a list`:             {valueOf(map[string]any{"grants": []any{}, "unreadable": "x"}), "csv"},
		`must be one of: ["csv" "html" "markd`: {valueOf([]any{good}), "HTML"},
	} {
		if _, _, refused := permissionMatrix(t, c.grants, c.format); !strings.Contains(refused, want) {
			t.Errorf("said is %q, want %q", refused, want)
		}
	}
	unknownLevel := matrixGrantOf("e", "user", "u", "", false, "level", tftypes.NewValue(tftypes.String, tftypes.UnknownValue))
	if _, unknown, refused := permissionMatrix(t, valueOf([]any{good, unknownLevel}), "csv"); !unknown {
		t.Errorf("with an unknown level the table is known, said is %q", refused)
	}
	for format := range matrixFormats {
		if text := mustMatrix(t, []any{}, format); text == "" {
			t.Errorf("%s of nothing is empty", format)
		}
	}
}
