resource "mlflow_experiment" "support" {
  name = "/Shared/agents/support"

  # Traces are stored in main.agent_traces.support_otel_spans and its sibling tables.
  trace_location = {
    catalog      = "main"
    schema       = "agent_traces"
    table_prefix = "support"
  }

  create_parents = true
}
