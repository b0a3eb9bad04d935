data "mlflow_experiments" "agents" {
  name_prefix = "/Shared/agents/"
}

# The spans table of each experiment that stores its traces in Unity Catalog.
output "spans" {
  value = {
    for e in data.mlflow_experiments.agents.experiments : e.name =>
    "${e.trace_location.catalog}.${e.trace_location.schema}.${e.trace_location.effective_table_prefix}_otel_spans"
    if e.trace_location != null
  }
}
