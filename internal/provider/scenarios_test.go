package provider_test

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
)

// oddNames are free text; a server must give them back as they are.
var oddNames = []string{
	`it's`, `the "best"`, "both ' and \"", "100% sure_", `back\slash`, "Überraschung ☃ 模型", "two  spaces", "a?b&c=d#e+f", "semi;colon, comma",
}

func attributes(name string, more map[string]any) map[string]any {
	all := map[string]any{"name": name}
	maps.Copy(all, more)
	return all
}

// expectSays checks how what the person is told begins, and what else is in it. "" means nothing is said.
func expectSays(t *testing.T, got, begins string, holds ...string) {
	t.Helper()
	if begins == "" && got != "" || !strings.HasPrefix(got, begins) {
		t.Errorf("said is %q, want %q", got, begins)
	}
	for _, part := range holds {
		if !strings.Contains(got, part) {
			t.Errorf("said is %q, which lacks %q", got, part)
		}
	}
}

func lifecycle(t *testing.T, b *backend) {
	e := b.experimentBlock(t)
	first, second := b.name("churn"), b.name("churn v2")
	e.mustUp(attributes(first, map[string]any{
		"description": "Predicts churn", "tags": map[string]string{"team": "risk", "stage": "dev", "gone": "soon", "a b/c.d": ""},
	}))
	id := e.text("id")
	b.expect(t, id, first, "active", map[string]string{"team": "risk", "stage": "dev", "gone": "soon", "a b/c.d": "", "mlflow.note.content": "Predicts churn"})
	made := b.truth(t, id)
	if e.text("artifact_location") != made.ArtifactLocation || !regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`).MatchString(e.text("creation_time")) ||
		!strings.HasPrefix(e.text("url"), b.url+"/") || !strings.Contains(e.text("url"), "experiments/"+id) {
		t.Errorf("the state is %v", e.values())
	}

	b.setTag(t, id, "foreign", "theirs")
	changed := attributes(second, map[string]any{"description": "Predicts churn better", "tags": map[string]string{"team": "fraud", "stage": "dev", "new": "yes"}})
	if p := e.plan(changed); p.action != "update" || !slices.Equal(p.changed, []string{"description", "name", "tags", "tags_all"}) {
		t.Errorf("planned is to %s, changing %v", p.action, p.changed)
	}
	blanked := ""
	if !b.deletesTags {
		blanked = "warning: Tags were emptied, not removed: "
	}
	expectSays(t, e.up(changed), blanked)
	left := map[string]string{"team": "fraud", "stage": "dev", "new": "yes", "foreign": "theirs", "mlflow.note.content": "Predicts churn better"}
	b.expect(t, id, second, "active", b.gone(left, "gone", "a b/c.d"))

	expectSays(t, e.up(attributes(second, nil)), blanked) // nothing declared: nothing managed
	left = b.gone(map[string]string{"foreign": "theirs"}, "gone", "a b/c.d", "team", "stage", "new", "mlflow.note.content")
	b.expect(t, id, second, "active", left)
	if e.values()["tags"] != nil || e.values()["description"] != nil {
		t.Errorf("the state is %v", e.values())
	}
	expectSays(t, e.destroy(), "")
	if b.truth(t, id).Stage != "deleted" || e.values() != nil {
		t.Errorf("after destroy the experiment is %+v, the state %v", b.truth(t, id), e.values())
	}
}

func drift(t *testing.T, b *backend) {
	e := b.provider(t, map[string]any{"default_tags": map[string]string{"owner": "platform"}}).block("mlflow_experiment")
	name := b.name("drift")
	config := attributes(name, map[string]any{"description": "Predicts churn", "tags": map[string]string{"team": "risk", "stage": "dev"}})
	e.mustUp(config)
	id := e.text("id")
	b.setTag(t, id, "foreign", "theirs")
	b.setTag(t, id, "mlflow.experimentKind", "genai_development")
	e.expectSettled(config)

	set := func(key string) func() { return func() { b.setTag(t, id, key, "changed") } }
	drop := func(key string) func() {
		return func() { b.behind(t, "delete-experiment-tag", map[string]any{"experiment_id": id, "key": key}) }
	}
	for what, c := range map[string]struct {
		behind   func()
		changed  []string
		deletion bool
	}{
		"a tag's value":           {behind: set("team"), changed: []string{"tags", "tags_all"}},
		"a default tag's value":   {behind: set("owner"), changed: []string{"tags_all"}},
		"the description":         {behind: set("mlflow.note.content"), changed: []string{"description"}},
		"a blank description":     {behind: func() { b.setTag(t, id, "mlflow.note.content", "") }, changed: []string{"description"}},
		"a removed tag":           {behind: drop("stage"), changed: []string{"tags", "tags_all"}, deletion: true},
		"a removed default tag":   {behind: drop("owner"), changed: []string{"tags_all"}, deletion: true},
		"the removed description": {behind: drop("mlflow.note.content"), changed: []string{"description"}, deletion: true},
		"the name": {behind: func() {
			b.behind(t, "update", map[string]any{"experiment_id": id, "new_name": b.name("renamed")})
		}, changed: []string{"name"}},
	} {
		if c.deletion && !b.deletesTags {
			continue
		}
		c.behind()
		expectSays(t, e.refresh(), "")
		if p := e.plan(config); p.action != "update" || !slices.Equal(p.changed, c.changed) {
			t.Errorf("%s: planned is to %s, changing %v, want %v", what, p.action, p.changed, c.changed)
		}
		e.mustUp(config)
		b.expect(t, id, name, "active", map[string]string{"team": "risk", "stage": "dev", "owner": "platform", "foreign": "theirs", "mlflow.note.content": "Predicts churn"})
	}
}

func deletedOutside(t *testing.T, b *backend) {
	e := b.experimentBlock(t)
	name := b.name("deleted")
	e.mustUp(attributes(name, nil))
	id := e.text("id")
	b.remove(t, id)
	expectSays(t, e.refresh(), `warning: Experiment is gone: Experiment "`+name+`" (`+id+`) is deleted.`)
	if e.values() != nil {
		t.Fatalf("the state is %v", e.values())
	}
	if b.keepsNames {
		expectSays(t, e.up(attributes(name, nil)), "error at name: Could not create experiment: a deleted one holds the name", `if_deleted = "restore"`)
		expectSays(t, e.up(attributes(name, map[string]any{"if_deleted": "restore"})), "")
		if e.text("id") != id {
			t.Errorf("restored is %s, want %s", e.text("id"), id)
		}
	} else {
		e.mustUp(attributes(name, nil))
		if e.text("id") == id {
			t.Errorf("the experiment is %s still", id)
		}
	}
	b.expect(t, e.text("id"), name, "active", map[string]string{})
	e.process = e.again()
	destruction := e.plan(nil)
	b.remove(t, e.text("id")) // what goes between plan and apply is gone, and that is what was wanted
	if says := e.apply(destruction, nil); says != "" || e.values() != nil {
		t.Errorf("destroy says %q", says)
	}
}

func freeText(t *testing.T, b *backend) {
	d := b.provider(t, nil)
	for _, odd := range oddNames {
		e := d.block("mlflow_experiment")
		name := b.name(odd)
		if b.prefix == "" {
			name = " " + name + " " // free text may begin and end with spaces
		}
		e.mustUp(attributes(name, nil))
		b.expect(t, e.text("id"), name, "active", map[string]string{})
		found, says := d.data("mlflow_experiment", map[string]any{"name": name})
		if found["id"] != e.text("id") || says != "" {
			t.Errorf("the data source finds %v under %q and says %q", found["id"], name, says)
		}
		again := d.block("mlflow_experiment")
		if says := again.adopt("name=" + name); says != "" || again.text("id") != e.text("id") {
			t.Errorf("import of %q gives %v and says %q", name, again.values(), says)
		}
		e.mustUp(attributes(name+"!", nil))
		b.expect(t, e.text("id"), name+"!", "active", map[string]string{})
	}
}

func nameTaken(t *testing.T, b *backend) {
	name := b.name("taken")
	id := b.create(t, name, map[string]string{"team": "theirs"})
	e := b.experimentBlock(t)
	expectSays(t, e.up(attributes(name, map[string]any{"tags": map[string]string{"team": "ours"}})),
		"error at name: Could not create experiment: the name is taken: There is an experiment", "with id "+id, `id = "`+id+`"`, "adopt_existing = true")
	b.expect(t, id, name, "active", map[string]string{"team": "theirs"})
	if e.values() != nil {
		t.Errorf("the state is %v", e.values())
	}
}

func nameTakenByDeleted(t *testing.T, b *backend) {
	if !b.keepsNames {
		name := b.name("deleted")
		id := b.create(t, name, nil)
		b.remove(t, id)
		e := b.experimentBlock(t)
		e.mustUp(attributes(name, nil))
		if e.text("id") == id || b.truth(t, id).Stage != "deleted" {
			t.Errorf("the new experiment is %s, the deleted one %+v", e.text("id"), b.truth(t, id))
		}
		return
	}
	deleted := func() (name, id string) {
		name = b.name("deleted")
		id = b.create(t, name, map[string]string{"old": "yes"})
		b.addRun(t, id)
		b.remove(t, id)
		return name, id
	}
	for _, choice := range []any{nil, "error"} {
		name, id := deleted()
		expectSays(t, b.experimentBlock(t).up(attributes(name, map[string]any{"if_deleted": choice})),
			"error at name: Could not create experiment: a deleted one holds the name", "("+id+")", `if_deleted = "restore"`, `if_deleted = "supersede"`)
		b.expect(t, id, name, "deleted", map[string]string{"old": "yes"})
	}

	name, id := deleted()
	e := b.experimentBlock(t)
	e.mustUp(attributes(name, map[string]any{"if_deleted": "restore", "description": "back", "tags": map[string]string{"team": "risk"}}))
	b.expect(t, id, name, "active", map[string]string{"old": "yes", "team": "risk", "mlflow.note.content": "back"})

	name, id = deleted()
	e = b.experimentBlock(t)
	e.mustUp(attributes(name, map[string]any{"if_deleted": "supersede", "tags": map[string]string{"team": "risk"}}))
	if e.text("id") == id {
		t.Error("the deleted experiment was taken over")
	}
	b.expect(t, e.text("id"), name, "active", map[string]string{"team": "risk"})
	if old := b.truth(t, id); old.Stage != "deleted" || old.Name != name+" (superseded "+id+")" {
		t.Errorf("the deleted experiment is %+v", old)
	}
}

func renameToTaken(t *testing.T, b *backend) {
	mine, taken := b.name("mine"), b.name("taken")
	b.create(t, taken, nil)
	e := b.experimentBlock(t)
	e.mustUp(attributes(mine, nil))
	expectSays(t, e.up(attributes(taken, map[string]any{"tags": map[string]string{"team": "risk"}})),
		"error at name: Could not rename experiment: Experiment \""+mine+"\" ("+e.text("id")+")", "The name is taken")
	b.expect(t, e.text("id"), mine, "active", map[string]string{})
	if e.text("name") != mine {
		t.Errorf("the state has the name %q", e.text("name"))
	}
}

func replacement(t *testing.T, b *backend) {
	name := b.name("replaced")
	at := func(location string, more map[string]any) map[string]any {
		config := attributes(name, map[string]any{"artifact_location": location})
		maps.Copy(config, more)
		return config
	}
	e := b.experimentBlock(t)
	if !b.placesArtifacts {
		expectSays(t, e.up(at("s3://bucket/a", nil)), "error at artifact_location: Could not create experiment", "Leave artifact_location out")
		return
	}
	e.mustUp(at("s3://bucket/a", nil))
	first := e.text("id")
	if got := b.truth(t, first).ArtifactLocation; got != "s3://bucket/a" {
		t.Errorf("artifacts are kept at %q", got)
	}
	e.mustUp(attributes(name, nil)) // left out: the server's stays
	supersede := map[string]any{}
	if b.keepsNames {
		supersede["if_deleted"] = "supersede"
	}
	if b.isServer() {
		expectSays(t, e.plan(at("s3://bucket/b", nil)).says, "error at artifact_location: Could not replace experiment", `if_deleted = "supersede"`)
	}
	b.addRun(t, first)
	supersede["deletion_policy"] = "delete"
	expectSays(t, e.plan(at("s3://bucket/b", supersede)).says, "error at artifact_location: Could not replace experiment", "It contains 1 run")
	e.mustUp(at("s3://bucket/a", supersede))
	expectSays(t, e.up(at("s3://bucket/b", supersede)), "warning at artifact_location: Experiment would be deleted with its content", "It contains 1 run")
	if e.text("id") == first || b.truth(t, first).Stage != "deleted" || b.truth(t, e.text("id")).ArtifactLocation != "s3://bucket/b" {
		t.Errorf("the old experiment is %+v, the new one %v", b.truth(t, first), e.values())
	}
}

func adoptExisting(t *testing.T, b *backend) {
	name := b.name("adopted")
	id := b.create(t, name, map[string]string{"team": "theirs", "other": "stays"})
	e := b.experimentBlock(t)
	elsewhere := attributes(name, map[string]any{"adopt_existing": true, "artifact_location": "s3://elsewhere/x"})
	expectSays(t, e.up(elsewhere), "error at artifact_location: Could not take over experiment")
	b.expect(t, id, name, "active", map[string]string{"team": "theirs", "other": "stays"})
	e.mustUp(attributes(name, map[string]any{"adopt_existing": true, "tags": map[string]string{"team": "ours"}}))
	b.expect(t, id, name, "active", map[string]string{"team": "ours", "other": "stays"})
	if e.text("id") != id {
		t.Errorf("the state has the id %q, want %q", e.text("id"), id)
	}
}

func deletionPolicy(t *testing.T, b *backend) {
	for what, c := range map[string]struct {
		policy string
		run    bool
		says   string
		stage  string
	}{
		"delete, empty":          {policy: "delete", stage: "deleted"},
		"delete, a run":          {policy: "delete", run: true, says: "warning: Experiment would be deleted with its content", stage: "deleted"},
		"retain":                 {policy: "retain", stage: "active"},
		"prevent":                {policy: "prevent", says: "error at deletion_policy: Could not destroy experiment", stage: "active"},
		"delete_if_empty, empty": {policy: "delete_if_empty", stage: "deleted"},
		"delete_if_empty, a run": {policy: "delete_if_empty", run: true, says: "error at deletion_policy: Could not destroy experiment", stage: "active"},
	} {
		t.Run(what, func(t *testing.T) {
			name := b.name("policy")
			config := attributes(name, map[string]any{"deletion_policy": c.policy})
			e := b.experimentBlock(t)
			e.mustUp(config)
			id := e.text("id")
			if c.run {
				b.addRun(t, id)
			}
			expectSays(t, e.destroy(), c.says)
			if c.stage == "deleted" && !b.keepsNames {
				name = ""
			}
			b.expect(t, id, name, c.stage, map[string]string{})
			if (e.values() == nil) != !strings.HasPrefix(c.says, "error") {
				t.Errorf("the state is %v", e.values())
			}
		})
	}
}

// checkedTags proves both ways that the plan refuses exactly what the server would.
func checkedTags(t *testing.T, b *backend) {
	name := b.name("tags")
	id := b.create(t, name, nil)
	server := func(key, value string) bool { // some servers cut a value that is too long
		status, _ := b.call(t, "POST", experimentCalls+"set-experiment-tag", map[string]any{"experiment_id": id, "key": key, "value": value})
		return status == http.StatusOK && b.truth(t, id).tags()[key] == value
	}
	through, relay := relayed(t, b)
	e := through.experimentBlock(t)
	for key, value := range b.badTags {
		relay.reset()
		says := e.plan(attributes(b.name("bad"), map[string]any{"tags": map[string]string{key: value}})).says
		if !strings.HasPrefix(says, "error at tags: Tag not allowed: ") {
			t.Errorf("the plan of the tag %.60q says %q", key, says)
		}
		if server(key, value) {
			t.Errorf("the server takes the tag %.60q", key)
		}
		if seen := relay.seen(); len(seen) != 0 {
			t.Errorf("the plan called %q", seen)
		}
	}
	for key, value := range map[string]string{
		"plain": "x", "a b": "x", "a.b-c_d/e f": "x", "ключ": "значение ☃", "é": "x", "blank": "", strings.Repeat("k", 250): "x", "long": strings.Repeat("v", b.longestValue),
	} {
		if p := e.plan(attributes(b.name("good"), map[string]any{"tags": map[string]string{key: value}})); p.action != "create" || !server(key, value) {
			t.Errorf("the tag %.60q: the plan says %q, and the server refuses it", key, p.says)
		}
	}
}

func manyTags(t *testing.T, b *backend) {
	tags := map[string]string{"long": strings.Repeat("☃", 5000)}
	for i := range 45 {
		tags[fmt.Sprintf("key/%d", i)] = fmt.Sprint(i)
	}
	e := b.experimentBlock(t)
	name := b.name("many")
	e.mustUp(attributes(name, map[string]any{"tags": tags}))
	b.expect(t, e.text("id"), name, "active", tags)
}

func imports(t *testing.T, b *backend) {
	name := b.name("imported")
	id := b.create(t, name, map[string]string{"team": "risk", "owner": "platform", "mlflow.note.content": "Predicts churn", "mlflow.experimentKind": "genai_development"})
	d := b.provider(t, map[string]any{"default_tags": map[string]string{"owner": "platform"}})
	config := attributes(name, map[string]any{"description": "Predicts churn", "tags": map[string]string{"team": "risk"}})
	for _, form := range []string{id, "name=" + name, b.url + "/#/experiments/" + id, b.url + "/#/experiments/" + id + "/runs?searchFilter=x"} {
		e := d.block("mlflow_experiment")
		expectSays(t, e.adopt(form), "")
		if e.text("id") != id || e.text("description") != "Predicts churn" || fmt.Sprint(e.values()["tags"]) != "map[team:risk]" {
			t.Errorf("import of %q gives %v", form, e.values())
		}
		e.expectSettled(config)
	}
	for form, want := range map[string]string{
		"987654321":                             "error: Could not import experiment: Experiment 987654321 was not found",
		"name=" + name + "?":                    "error: Could not import experiment: ",
		"https://elsewhere/#/experiments/" + id: "error: Could not import experiment: ",
		"neither":                               "error: Import id not understood: ",
	} {
		expectSays(t, d.block("mlflow_experiment").adopt(form), want)
	}
	b.remove(t, id)
	expectSays(t, d.block("mlflow_experiment").adopt(id), "error: Could not import experiment: Experiment "+id+" is deleted")
}

func tagResource(t *testing.T, b *backend) {
	name := b.name("tagged")
	id := b.create(t, name, map[string]string{"team": "theirs", "other": "stays"})
	d := b.provider(t, nil)
	tag := d.block("mlflow_experiment_tag")
	config := func(value string) map[string]any {
		return map[string]any{"experiment_id": id, "key": "team", "value": value}
	}
	expectSays(t, tag.up(config("ours")), "warning: Existing experiment tag taken over", `"theirs"`)
	b.setTag(t, id, "team", "changed")
	expectSays(t, tag.refresh(), "")
	if p := tag.plan(config("ours")); !slices.Equal(p.changed, []string{"value"}) {
		t.Errorf("planned is to %s, changing %v", p.action, p.changed)
	}
	tag.mustUp(config("ours"))
	b.expect(t, id, name, "active", map[string]string{"team": "ours", "other": "stays"})
	imported := d.block("mlflow_experiment_tag")
	expectSays(t, imported.adopt(id+"/team"), "")
	imported.expectSettled(config("ours"))
	blank := ""
	if !b.deletesTags {
		blank = "warning: Experiment tag is blank now, not removed"
	}
	expectSays(t, tag.destroy(), blank)
	b.expect(t, id, name, "active", b.gone(map[string]string{"other": "stays"}, "team"))
	expectSays(t, imported.refresh(), "warning: Experiment tag is gone")
}

func dataSources(t *testing.T, b *backend) {
	d := b.provider(t, nil)
	mark := b.name("mark")
	ids := map[string]any{}
	for i, value := range []string{`it's`, `the "best"`, "100%", "ü ☃"} {
		name := b.name("search 50%_" + fmt.Sprint(i))
		id := b.create(t, name, map[string]string{"odd key/x": value, "mark": mark})
		ids[name] = id
		found, says := d.data("mlflow_experiments", map[string]any{"tags": map[string]string{"odd key/x": value, "mark": mark}})
		if says != "" || fmt.Sprint(found["ids"]) != fmt.Sprint(map[string]any{name: id}) {
			t.Errorf("the search for %q finds %v and says %q", value, found["ids"], says)
		}
		if found, says = d.data("mlflow_experiment", map[string]any{"experiment_id": id}); says != "" || found["name"] != name || found["lifecycle_stage"] != "active" {
			t.Errorf("experiment %s reads %v and says %q", id, found, says)
		}
	}
	marked := map[string]string{"mark": mark}
	for what, config := range map[string]map[string]any{
		"prefix": {"name_prefix": b.prefix + "search 50%_", "tags": marked},
		"regex":  {"name_regex": `search 50%_\d-\d+$`, "tags": marked},
		"filter": {"filter": "tags.mark = '" + mark + "' AND name LIKE '%search%'", "order_by": []string{"name ASC"}},
	} {
		if found, says := d.data("mlflow_experiments", config); says != "" || fmt.Sprint(found["ids"]) != fmt.Sprint(ids) {
			t.Errorf("%s: found is %v, want %v; said is %q", what, found["ids"], ids, says)
		}
	}
	_, says := d.data("mlflow_experiments", map[string]any{"filter": "name = 'a' OR name = 'b'"})
	expectSays(t, says, "error at filter: Could not search experiments")
	for name, id := range ids {
		b.remove(t, fmt.Sprint(id))
		delete(ids, name)
		break
	}
	if found, _ := d.data("mlflow_experiments", map[string]any{"tags": marked}); fmt.Sprint(found["ids"]) != fmt.Sprint(ids) {
		t.Errorf("active ones are %v, want %v", found["ids"], ids)
	}
}

// searchPages makes the server give its answers in small pages.
func searchPages(t *testing.T, b *backend) {
	through, relay := relayed(t, b)
	mark := b.name("mark")
	want := map[string]any{}
	for i := range 7 {
		name := b.name("page")
		want[name] = b.create(t, name, map[string]string{"mark": mark, "n": fmt.Sprint(i)})
	}
	relay.spoilWith(experimentCalls+"search", smallPages(t, 3))
	relay.reset()
	found, says := through.provider(t, nil).data("mlflow_experiments", map[string]any{"tags": map[string]string{"mark": mark}})
	if says != "" || fmt.Sprint(found["ids"]) != fmt.Sprint(want) {
		t.Errorf("found is %v, want %v; said is %q", found["ids"], want, says)
	}
	if n := slices.Index(relay.seen(), "POST "+experimentCalls+"search"); len(relay.seen())-n != 3 {
		t.Errorf("7 experiments in pages of 3 took the calls %q", relay.seen())
	}
}

func refreshCalls(t *testing.T, b *backend) {
	const n = 5
	through, relay := relayed(t, b)
	d := through.provider(t, nil)
	experiments := make([]*block, n)
	for i := range experiments {
		experiments[i] = d.block("mlflow_experiment")
		experiments[i].mustUp(attributes(b.name("call"), map[string]any{"tags": map[string]string{"n": fmt.Sprint(i)}}))
	}
	relay.reset()
	again := d.again()
	for _, e := range experiments {
		e.process = again
		expectSays(t, e.read(), "")
	}
	calls := slices.DeleteFunc(relay.seen(), func(call string) bool { return call == "GET /.well-known/databricks-config" }) // once a process
	others := slices.DeleteFunc(slices.Clone(calls), func(call string) bool {
		return call == "GET "+experimentCalls+"get" || call == "POST "+experimentCalls+"search"
	})
	if len(calls) > n || len(calls) == 0 || len(others) > 0 {
		t.Errorf("the refresh of %d experiments made the calls %q", n, calls)
	}
}

// lostAnswer loses the answer to a create that took effect: the experiment is found, and there is one.
func lostAnswer(t *testing.T, b *backend) {
	through, relay := relayed(t, b)
	relay.spoilWith(experimentCalls+"create", loseAnswer())
	e := through.experimentBlock(t)
	name := b.name("lost")
	relay.reset()
	e.mustUp(attributes(name, map[string]any{"tags": map[string]string{"team": "risk"}}))
	b.expect(t, e.text("id"), name, "active", map[string]string{"team": "risk"})
	if creates := len(slices.DeleteFunc(relay.seen(), func(c string) bool { return c != "POST "+experimentCalls+"create" })); creates != 1 {
		t.Errorf("%d creates", creates)
	}
}

// throughCLI proves in a few steps that the CLI goes the same way as the protocol: with an import block, generated configuration, the
// resources that hang together, and an empty plan after each apply.
func throughCLI(t *testing.T, b *backend) {
	provider := hcl(b.block(nil))
	name, imported := b.name("cli"), b.name("cli imported")
	id := b.create(t, imported, map[string]string{"team": "risk"})
	config := func(description string) string {
		return provider + fmt.Sprintf(`
resource "mlflow_experiment" "test" {
  name        = %q
  description = %q
  tags        = { team = "risk" }
}
resource "mlflow_experiment_tag" "test" {
  experiment_id = mlflow_experiment.test.id
  key           = "model/stage"
  value         = "dev"
}
data "mlflow_experiments" "test" {
  name_prefix = mlflow_experiment.test.name
}
`, name, description)
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: watchedFactories(t),
		Steps: []resource.TestStep{
			{
				Config:            config("first"),
				ConfigStateChecks: []statecheck.StateCheck{experimentState("description", knownvalue.StringExact("first"))},
			},
			{
				Config:           config("second"),
				ConfigPlanChecks: before(changes(experimentAddress, "description")),
			},
			{
				Config: provider, ImportState: true, ImportStateKind: resource.ImportBlockWithID, GenerateConfig: true,
				ImportStateId: id, ResourceName: experimentAddress,
			},
			{
				Config:           config("second"),
				ConfigPlanChecks: before(plancheck.ExpectEmptyPlan()),
			},
		},
	})
	b.expect(t, id, imported, "active", map[string]string{"team": "risk"})
}

// hcl writes a provider block.
func hcl(settings map[string]any) string {
	var s strings.Builder
	s.WriteString("provider \"mlflow\" {\n")
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		if text, ok := settings[name].(string); ok {
			fmt.Fprintf(&s, "  %s = %q\n", name, text)
		} else {
			fmt.Fprintf(&s, "  %s = %v\n", name, settings[name])
		}
	}
	return s.String() + "}\n"
}
