package provider_test

import (
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// ruledOut are phrases that a page, an example, or a description must not contain, and what to write instead. Each is wrong wherever it is
// found.
var ruledOut = []struct{ pattern, instead string }{
	{`(?i)\be-mails?\b`, "email"},
	{`(?i)\b(can't|isn't|won't|aren't|couldn't|wouldn't)\b`, "cannot, is not, does not"},
	{`(?i)\b(somebody|nobody|everybody|whoever)\b`, "the actor: the server, a user, the identity that runs Terraform"},
	{`(?i)\banew\b`, "recreate, or again"},
	{`(?i)\bby hand\b|\bbehind (our|your|its) backs?\b`, "changed outside Terraform"},
	{`(?i)\buser names?\b`, "username"},
	{`\b(the|an|by|its|their|whose|application|experiment|workspace|run|object) ids?\b|\bids? of\b|\b[Ii]ds\b`, "ID"},
	{`(?i)\b(take|takes|taken|taking|took)( (it|them|one|this|that))? (over|back)\b`, "adopt, restore, or import"},
	{`(?i)\b(holds?|held|keeps?|kept) (its|the) name\b`, "reserve"},
	{`(?i)\bfor good\b`, "purge, permanently"},
	{`(?i)\bthe whole truth\b|\ball in all\b|\bits own words\b`, "authoritative, effective"},
	{`(?i)\b(left|leave|leaves) \w+ alone\b|\bleft alone\b`, "unmanaged, ignored, or unchanged"},
	{`(?i)\bstands? in (for|the way)\b|\bstand-in\b`, "emulate, replace, or prevent"},
	{`(?i)\bno longer there\b|\bnot there any ?more\b`, "does not exist"},
	{`(?i)\bas the code says\b|\bnobody's business\b|\bdoes no harm\b|\btells? the rest\b`, "the behavior"},
	{`(?i)\b(is|are) to be\b|\bare to exist\b`, "the simple present"},
	{`(?i)\b(address|page) of (the|an|its) (experiment|page)\b|\baddress of the (workspace|server)\b`, "URL"},
	{
		`(?i)\bhaviour|\bcolour|\bcatalogue\b|\bhonour|\bneighbour|\b(author|organ|recogn|initial|synchron)is(e|es|ed|ing|ation)\b`,
		"American spelling",
	},
	{
		`(?m)^#+ (Good to know|Errors and what they mean|What changes outside|On each kind of server|When it fails|Everything that can be set)\b`,
		"the standard heading",
	},
}

var (
	templateTag = regexp.MustCompile(`\{\{.*?\}\}`)
	// tfProse are the comments and descriptions of a configuration.
	tfProse = regexp.MustCompile(`(?m)#.*$|^\s*(?:description|error_message)\s*=.*$`)
)

// TestDocumentation_words fails if a page, an example, or the description of a schema contains a phrase that is ruled out.
func TestDocumentation_words(t *testing.T) {
	t.Parallel()
	texts := schemaTexts(acctest.NewWorkspace(t).Provider(t, emulator.AdminToken).Schemas)
	for _, file := range append(append(glob(t, "templates", ".tmpl"), glob(t, "examples", ".md")...), filepath.Join(repository, "README.md")) {
		texts[file] = readFile(t, file)
	}
	for _, file := range glob(t, "examples", ".tf") {
		texts[file] = strings.Join(tfProse.FindAllString(readFile(t, file), -1), "\n")
	}
	if len(texts) < 200 {
		t.Errorf("only %d texts were found; the search for them must be wrong", len(texts))
	}
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		for _, found := range wrongWords(texts[name]) {
			t.Errorf("%s: %s", strings.TrimPrefix(name, repository+"/"), found)
		}
	}
}

// wrongWords returns the phrases of a text that are ruled out, each with what to write instead. Code is left out.
func wrongWords(text string) []string {
	for _, code := range []*regexp.Regexp{fencedBlock, templateTag, codeSpan} {
		text = code.ReplaceAllString(text, "")
	}
	var found []string
	for _, rule := range ruledOut {
		for _, phrase := range regexp.MustCompile(rule.pattern).FindAllString(text, -1) {
			found = append(found, strings.TrimSpace(phrase)+": write "+rule.instead)
		}
	}
	return found
}

func TestWrongWords_found(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"The ID of the experiment, by `user name`, cannot change.":       0,
		"```shell\necho \"the id of nobody\"\n```\nThe email of a user.": 0,
		"The id of a user by e-mail.":                                    2,
		"Nobody can take it over by hand.":                               3,
		"## Good to know\n":                                              1,
	} {
		if got := wrongWords(text); len(got) != want {
			t.Errorf("in %q, %q are wrong, want %d", text, got, want)
		}
	}
}

// schemaTexts are the descriptions of all schemas and functions, by the name of what they describe.
func schemaTexts(all *tfprotov6.GetProviderSchemaResponse) map[string]string {
	texts := map[string]string{}
	add := func(kind string, schemas map[string]*tfprotov6.Schema) {
		for name, schema := range schemas {
			texts[kind+" "+name] = blockText(schema.Block)
		}
	}
	add("provider", map[string]*tfprotov6.Schema{"mlflow": all.Provider})
	add("resource", all.ResourceSchemas)
	add("data source", all.DataSourceSchemas)
	add("list resource", all.ListResourceSchemas)
	for name, a := range all.ActionSchemas {
		add("action", map[string]*tfprotov6.Schema{name: a.Schema})
	}
	for name, f := range all.Functions {
		parts := []string{f.Summary, f.Description}
		for _, p := range f.Parameters {
			parts = append(parts, p.Description)
		}
		texts["function "+name] = strings.Join(parts, "\n")
	}
	return texts
}

// blockText joins the descriptions of a block and of everything in it.
func blockText(block *tfprotov6.SchemaBlock) string {
	parts := []string{block.Description}
	var addAttributes func(attributes []*tfprotov6.SchemaAttribute)
	addAttributes = func(attributes []*tfprotov6.SchemaAttribute) {
		for _, a := range attributes {
			parts = append(parts, a.Description, a.DeprecationMessage)
			if a.NestedType != nil {
				addAttributes(a.NestedType.Attributes)
			}
		}
	}
	addAttributes(block.Attributes)
	for _, nested := range block.BlockTypes {
		parts = append(parts, blockText(nested.Block))
	}
	return strings.Join(parts, "\n")
}
