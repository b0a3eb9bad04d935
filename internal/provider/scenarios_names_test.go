package provider_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
)

func nameTaken(t *testing.T, b *acctest.Backend) {
	name := b.Name("taken")
	id := b.CreateExperiment(t, name, map[string]string{"team": "theirs"})
	e := b.ExperimentResource(t)
	acctest.ExpectDiagnostics(
		t,
		e.Apply(acctest.ExperimentAttributes(name, map[string]any{"tags": map[string]string{"team": "ours"}})),
		"error at name: Could not create experiment: name already in use: Experiment ",
		"(ID "+id+") existed before this apply",
		`id = "`+id+`"`,
		"adopt_existing = true",
	)
	b.ExpectExperiment(t, id, name, "active", map[string]string{"team": "theirs"})
	if e.Values() != nil {
		t.Errorf("state: got %v", e.Values())
	}
}

func nameTakenByDeleted(t *testing.T, b *acctest.Backend) {
	if !b.ReservesNames {
		name := b.Name("deleted")
		id := b.CreateExperiment(t, name, nil)
		b.DeleteExperiment(t, id)
		e := b.ExperimentResource(t)
		e.MustApply(acctest.ExperimentAttributes(name, nil))
		if e.Text("id") == id || b.Experiment(t, id).Stage != "deleted" {
			t.Errorf("new experiment: got %s, the deleted one %+v", e.Text("id"), b.Experiment(t, id))
		}
		return
	}
	deleted := func() (name, id string) {
		name = b.Name("deleted")
		id = b.CreateExperiment(t, name, map[string]string{"old": "yes"})
		b.AddRun(t, id)
		b.DeleteExperiment(t, id)
		return name, id
	}
	for _, choice := range []any{nil, "error"} {
		name, id := deleted()
		acctest.ExpectDiagnostics(
			t,
			b.ExperimentResource(t).Apply(acctest.ExperimentAttributes(name, map[string]any{"if_deleted": choice})),
			"error at name: Could not create experiment: name reserved by a deleted experiment",
			"(ID "+id+")",
			`if_deleted = "restore"`,
			`if_deleted = "supersede"`,
		)
		b.ExpectExperiment(t, id, name, "deleted", map[string]string{"old": "yes"})
	}

	name, id := deleted()
	e := b.ExperimentResource(t)
	e.MustApply(
		acctest.ExperimentAttributes(
			name,
			map[string]any{"if_deleted": "restore", "description": "back", "tags": map[string]string{"team": "risk"}},
		),
	)
	b.ExpectExperiment(t, id, name, "active", map[string]string{"old": "yes", "team": "risk", "mlflow.note.content": "back"})

	name, id = deleted()
	e = b.ExperimentResource(t)
	e.MustApply(acctest.ExperimentAttributes(name, map[string]any{"if_deleted": "supersede", "tags": map[string]string{"team": "risk"}}))
	if e.Text("id") == id {
		t.Error("the deleted experiment was taken over")
	}
	b.ExpectExperiment(t, e.Text("id"), name, "active", map[string]string{"team": "risk"})
	if old := b.Experiment(t, id); old.Stage != "deleted" || old.Name != name+" (superseded "+id+")" {
		t.Errorf("deleted experiment: got %+v", old)
	}
}

func renameToTaken(t *testing.T, b *acctest.Backend) {
	mine, taken := b.Name("mine"), b.Name("taken")
	b.CreateExperiment(t, taken, nil)
	e := b.ExperimentResource(t)
	e.MustApply(acctest.ExperimentAttributes(mine, nil))
	acctest.ExpectDiagnostics(t, e.Apply(acctest.ExperimentAttributes(taken, map[string]any{"tags": map[string]string{"team": "risk"}})),
		"error at name: Could not rename experiment: Experiment \""+mine+"\" (ID "+e.Text("id")+")", "has this name. Choose another name")
	b.ExpectExperiment(t, e.Text("id"), mine, "active", map[string]string{})
	if e.Text("name") != mine {
		t.Errorf("the state has the name %q", e.Text("name"))
	}
}

func replacement(t *testing.T, b *acctest.Backend) {
	name := b.Name("replaced")
	at := func(location string, more map[string]any) map[string]any {
		config := acctest.ExperimentAttributes(name, map[string]any{"artifact_location": location})
		maps.Copy(config, more)
		return config
	}
	e := b.ExperimentResource(t)
	if !b.SetsArtifactLocation {
		acctest.ExpectDiagnostics(
			t,
			e.Apply(at("s3://bucket/a", nil)),
			"error at artifact_location: Could not create experiment",
			"Remove artifact_location from the configuration",
		)
		return
	}
	e.MustApply(at("s3://bucket/a", nil))
	first := e.Text("id")
	if got := b.Experiment(t, first).ArtifactLocation; got != "s3://bucket/a" {
		t.Errorf("artifacts are kept at %q", got)
	}
	e.MustApply(acctest.ExperimentAttributes(name, nil)) // left out: the server's stays
	supersede := map[string]any{}
	if b.ReservesNames {
		supersede["if_deleted"] = "supersede"
	}
	if b.IsServer() {
		acctest.ExpectDiagnostics(
			t,
			e.Plan(at("s3://bucket/b", nil)).Diagnostics,
			"error at artifact_location: Could not replace experiment",
			`if_deleted = "supersede"`,
		)
	}
	b.AddRun(t, first)
	supersede["deletion_policy"] = "delete"
	acctest.ExpectDiagnostics(
		t,
		e.Plan(at("s3://bucket/b", supersede)).Diagnostics,
		"error at artifact_location: Could not replace experiment",
		"It contains 1 run",
	)
	e.MustApply(at("s3://bucket/a", supersede))
	acctest.ExpectDiagnostics(
		t,
		e.Apply(at("s3://bucket/b", supersede)),
		"warning at artifact_location: Experiment would be deleted with its content",
		"It contains 1 run",
	)
	if e.Text("id") == first || b.Experiment(t, first).Stage != "deleted" ||
		b.Experiment(t, e.Text("id")).ArtifactLocation != "s3://bucket/b" {
		t.Errorf("old experiment: got %+v, the new one %v", b.Experiment(t, first), e.Values())
	}
}

func adoptExisting(t *testing.T, b *acctest.Backend) {
	name := b.Name("adopted")
	id := b.CreateExperiment(t, name, map[string]string{"team": "theirs", "other": "stays"})
	e := b.ExperimentResource(t)
	elsewhere := acctest.ExperimentAttributes(name, map[string]any{"adopt_existing": true, "artifact_location": "s3://elsewhere/x"})
	acctest.ExpectDiagnostics(t, e.Apply(elsewhere), "error at artifact_location: Could not adopt experiment")
	b.ExpectExperiment(t, id, name, "active", map[string]string{"team": "theirs", "other": "stays"})
	e.MustApply(acctest.ExperimentAttributes(name, map[string]any{"adopt_existing": true, "tags": map[string]string{"team": "ours"}}))
	b.ExpectExperiment(t, id, name, "active", map[string]string{"team": "ours", "other": "stays"})
	if e.Text("id") != id {
		t.Errorf("the state has the id %q, want %q", e.Text("id"), id)
	}
}

func deletionPolicy(t *testing.T, b *acctest.Backend) {
	for what, c := range map[string]struct {
		policy string
		run    bool
		diags  string
		stage  string
	}{
		"delete, empty":          {policy: "delete", stage: "deleted"},
		"delete, a run":          {policy: "delete", run: true, diags: "warning: Experiment would be deleted with its content", stage: "deleted"},
		"retain":                 {policy: "retain", stage: "active"},
		"prevent":                {policy: "prevent", diags: "error at deletion_policy: Could not destroy experiment", stage: "active"},
		"delete_if_empty, empty": {policy: "delete_if_empty", stage: "deleted"},
		"delete_if_empty, a run": {policy: "delete_if_empty", run: true, diags: "error at deletion_policy: Could not destroy experiment",
			stage: "active"},
	} {
		t.Run(what, func(t *testing.T) {
			name := b.Name("policy")
			config := acctest.ExperimentAttributes(name, map[string]any{"deletion_policy": c.policy})
			e := b.ExperimentResource(t)
			e.MustApply(config)
			id := e.Text("id")
			if c.run {
				b.AddRun(t, id)
			}
			acctest.ExpectDiagnostics(t, e.Destroy(), c.diags)
			if c.stage == "deleted" && !b.ReservesNames {
				name = ""
			}
			b.ExpectExperiment(t, id, name, c.stage, map[string]string{})
			if (e.Values() == nil) != !strings.HasPrefix(c.diags, "error") {
				t.Errorf("state: got %v", e.Values())
			}
		})
	}
}
