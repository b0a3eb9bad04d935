package governance

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/review"
)

// reviewDescription describes the argument with a review.
const reviewDescription = "The data source `mlflow_permission_review`, an object with a list of grants as `grants`, or the list alone. " +
	"A grant is an object with `experiment_name`, `principal`, `kind`, and `level`; `experiment_id`, `display_name`, `inherited`, " +
	"`inherited_from`, `inherited_from_path`, and `effective` are optional. The attributes `experiments`, `unreadable`, " +
	"`default_level`, `server`, and `workspace` of a review are used if they are set."

// reviewParameter is the parameter for a review.
func reviewParameter() function.Parameter {
	return function.DynamicParameter{Name: "review", CustomType: anyType{}, MarkdownDescription: reviewDescription}
}

// useReview is the advice for an invalid review.
const useReview = "Use the data source mlflow_permission_review, or objects with experiment_name, kind, principal, and level"

// decodeReview decodes a list of grants, or an object that contains one as a review does.
func decodeReview(value tftypes.Value) (review.Review, error) {
	var decoded review.Review
	if value.IsNull() {
		return decoded, fmt.Errorf("the review is null. %s", useReview)
	}
	f, isObject := fieldsOf(value)
	if !isObject {
		err := eachIn(value, "grants", func(g *fields) { decoded.Grants = append(decoded.Grants, g.grant()) })
		return decoded, withAdvice(err, useReview)
	}
	if _, ok := f.attributes["grants"]; !ok {
		return decoded, errors.New("the object has no attribute \"grants\". Use the data source mlflow_permission_review, or a list of " +
			"grants")
	}
	if f.attributes["grants"].IsNull() {
		return decoded, fmt.Errorf("grants is null. %s", useReview)
	}
	f.each("grants", func(g *fields) { decoded.Grants = append(decoded.Grants, g.grant()) })
	f.each("experiments", func(e *fields) { decoded.Experiments = append(decoded.Experiments, e.experiment()) })
	f.each("unreadable", func(u *fields) {
		decoded.Unreadable = append(decoded.Unreadable, review.Unreadable{
			ExperimentID: u.text("experiment_id"), Experiment: u.required("experiment_name"), Reason: u.text("reason"),
		})
	})
	decoded.DefaultLevel, decoded.Server = f.text("default_level"), f.text("server")
	decoded.Workspace, decoded.Caller = f.text("workspace"), f.text("caller")
	return decoded, withAdvice(f.err, useReview)
}

// withAdvice adds advice to an error, if there is one.
func withAdvice(err error, advice string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w. %s", err, advice)
}

func (f *fields) grant() review.Grant {
	g := review.Grant{
		Experiment: f.required("experiment_name"), ExperimentID: f.text("experiment_id"),
		Kind: f.required("kind"), Principal: f.required("principal"), DisplayName: f.text("display_name"),
		Level: f.required("level"), Inherited: f.flag("inherited"), Effective: f.flag("effective"),
		InheritedFrom: f.text("inherited_from_path"), InheritedFromID: strings.Join(f.texts("inherited_from"), ", "),
	}
	if g.InheritedFrom == "" {
		g.InheritedFrom = g.InheritedFromID
	}
	return g
}

func (f *fields) experiment() review.Experiment {
	return review.Experiment{
		ID: f.text("id"), Name: f.required("name"), Owner: f.text("owner"), LastUpdated: f.text("last_update_time"), Tags: f.textMap("tags"),
	}
}

// usePrincipals is the advice for invalid principals.
const usePrincipals = "Use the data source mlflow_principals, or an object with its attributes principals, members, everybody, and " +
	"incomplete"

// decodePrincipals decodes the data source mlflow_principals.
func decodePrincipals(value tftypes.Value) (review.Principals, error) {
	var decoded review.Principals
	f, ok := fieldsOf(value)
	if !ok || !f.has("principals") && !f.has("members") {
		return decoded, fmt.Errorf("it must be an object with principals or members. %s", usePrincipals)
	}
	f.each("principals", func(p *fields) {
		decoded.Principals = append(decoded.Principals, review.PrincipalStatus{
			Kind: p.required("kind"), Name: p.required("name"), DisplayName: p.text("display_name"),
			Exists: p.flagOr("exists", true), Admin: p.flag("admin"),
		})
	})
	f.each("members", func(m *fields) {
		decoded.Members = append(decoded.Members, review.Member{
			Group: m.required("group"), Kind: m.required("kind"), Name: m.required("name"), Via: m.texts("via"),
		})
	})
	f.each("incomplete", func(i *fields) {
		decoded.Incomplete = append(decoded.Incomplete, review.Incomplete{Kind: i.text("kind"), Name: i.text("name")})
	})
	decoded.Everybody = f.texts("everybody")
	return decoded, withAdvice(f.err, usePrincipals)
}

// flagOr returns a bool attribute, or missing if the attribute is missing or null.
func (f *fields) flagOr(name string, missing bool) bool {
	if !f.has(name) {
		return missing
	}
	return f.flag(name)
}

// decodeReviewOrSnapshot decodes a review, or the text of a snapshot.
func decodeReviewOrSnapshot(value tftypes.Value) (review.Review, error) {
	var text string
	if value.IsNull() || value.As(&text) != nil {
		return decodeReview(value)
	}
	return review.ParseSnapshot([]byte(text))
}

// useLines is the advice for invalid decisions.
const useLines = "Read them with csvdecode from a file that permission_matrix(review, \"lines\") wrote, with commas between the columns"

// decodeDecisions decodes lines with decisions.
func decodeDecisions(value tftypes.Value) ([]review.Decision, error) {
	var decoded []review.Decision
	err := eachIn(value, "decisions", func(d *fields) {
		for _, name := range []string{"fingerprint", "level", "decision"} {
			if _, ok := d.attributes[name]; !ok {
				d.fail("there is no attribute %q", name)
			}
		}
		decoded = append(decoded, review.Decision{
			Fingerprint: d.text("fingerprint"), Level: d.text("level"), Decision: d.text("decision"),
			Reviewer: d.text("reviewer"), Reason: d.text("reason"), Until: d.text("until"),
		})
	})
	return decoded, withAdvice(err, useLines)
}
