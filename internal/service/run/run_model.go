package run

import (
	"maps"
	"math"
	"regexp"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

const attributeRunID = "run_id"

// runIDValidator accepts the run IDs that MLflow accepts. They are 32 hexadecimal digits unless the client set a different ID.
var runIDValidator = stringvalidator.RegexMatches(regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_-]{0,255}$`),
	"must be a run ID, such as \"6f1c2a345b674c899d0123456789abcd\": the part after /runs/ in the URL of the run")

// runDetails is the model of a run in the data sources.
type runDetails struct {
	RunID            types.String       `tfsdk:"run_id"`
	RunName          types.String       `tfsdk:"run_name"`
	ExperimentID     types.String       `tfsdk:"experiment_id"`
	Status           types.String       `tfsdk:"status"`
	UserID           types.String       `tfsdk:"user_id"`
	ArtifactURI      types.String       `tfsdk:"artifact_uri"`
	StartTime        types.String       `tfsdk:"start_time"`
	EndTime          types.String       `tfsdk:"end_time"`
	LifecycleStage   types.String       `tfsdk:"lifecycle_stage"`
	Metrics          map[string]float64 `tfsdk:"metrics"`
	NonFiniteMetrics map[string]string  `tfsdk:"non_finite_metrics"`
	Params           map[string]string  `tfsdk:"params"`
	Tags             map[string]string  `tfsdk:"tags"`
}

// newRunDetails converts a run.
func newRunDetails(r mlflow.Run) runDetails {
	d := runDetails{
		RunID: types.StringValue(r.ID), RunName: framework.OrNull(r.Name), ExperimentID: types.StringValue(r.ExperimentID),
		Status: framework.OrNull(r.Status), UserID: framework.OrNull(r.User), ArtifactURI: framework.OrNull(r.ArtifactURI),
		StartTime: formatMillis(r.Started), EndTime: formatMillis(r.Ended), LifecycleStage: types.StringValue("active"),
		Metrics: map[string]float64{}, NonFiniteMetrics: map[string]string{}, Params: r.Params, Tags: r.Tags,
	}
	if r.Deleted {
		d.LifecycleStage = types.StringValue("deleted")
	}
	for key, value := range r.Metrics {
		if text := nonFinite(value); text != "" {
			d.NonFiniteMetrics[key] = text
		} else {
			d.Metrics[key] = value
		}
	}
	return d
}

// removeUnrequested removes the metrics, parameters, and tags that were not requested.
func (d *runDetails) removeUnrequested(metrics, params, tags map[string]bool) {
	maps.DeleteFunc(d.Metrics, func(key string, _ float64) bool { return !metrics[key] })
	maps.DeleteFunc(d.NonFiniteMetrics, func(key, _ string) bool { return !metrics[key] })
	maps.DeleteFunc(d.Params, func(key, _ string) bool { return !params[key] })
	maps.DeleteFunc(d.Tags, func(key, _ string) bool { return !tags[key] })
}

// nonFinite returns the API's spelling of a value that Terraform cannot represent as a number, "" for other values.
func nonFinite(value float64) string {
	switch {
	case math.IsNaN(value):
		return "NaN"
	case math.IsInf(value, 1):
		return "Infinity"
	case math.IsInf(value, -1):
		return "-Infinity"
	default:
		return ""
	}
}

// formatMillis formats milliseconds since 1970, null for 0.
func formatMillis(ms int64) types.String {
	if ms == 0 {
		return types.StringNull()
	}
	return framework.FormatTime(time.UnixMilli(ms))
}

// runDetailAttributes returns the schema of [runDetails], all computed. qualifier is "requested " if only some metrics, parameters, and
// tags are returned.
func runDetailAttributes(qualifier string) map[string]schema.Attribute {
	text := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	return map[string]schema.Attribute{
		attributeRunID:  text("ID of the run."),
		"run_name":      text("Name of the run, which does not have to be unique. Null if it has none."),
		"experiment_id": text("ID of the experiment that contains the run."),
		"status":        text("`RUNNING`, `SCHEDULED`, `FINISHED`, `FAILED`, or `KILLED`. A run whose process was killed stays `RUNNING`."),
		"user_id": text("User who started the run: the user ID of the run, or its tag `mlflow.user`. Set by the client and not " +
			"verified by the server. Null if it is not set."),
		"artifact_uri":    text("URI of the artifact location of the run."),
		"start_time":      text("Start time, in RFC 3339 format and UTC. Null if the client did not set it."),
		"end_time":        text("End time, in RFC 3339 format and UTC. Null while the run is running."),
		"lifecycle_stage": text("`active`, or `deleted` for a run that is deleted and not purged. Deleting an experiment deletes its runs."),
		"metrics": schema.MapAttribute{
			Computed: true, ElementType: types.Float64Type,
			MarkdownDescription: "Last value of each " + qualifier + "metric of the run, by key. Values that are not finite numbers are in " +
				"`non_finite_metrics`.",
		},
		"non_finite_metrics": schema.MapAttribute{
			Computed: true, ElementType: types.StringType,
			MarkdownDescription: "Last value of each " + qualifier + "metric of the run that is not a finite number, by key: `NaN`, `Infinity`, " +
				"or `-Infinity`.",
		},
		"params": schema.MapAttribute{
			Computed: true, ElementType: types.StringType, MarkdownDescription: framework.UpperFirst(qualifier + "parameters of the run, by key."),
		},
		"tags": schema.MapAttribute{
			Computed: true, ElementType: types.StringType, MarkdownDescription: framework.UpperFirst(qualifier + "tags of the run, by key."),
		},
	}
}
