resource "mlflow_experiment" "support" {
  name = "/Shared/agents/support"

  # Databricks stores the traces in main.agent_traces.support_otel_spans and related tables.
  trace_location = {
    catalog      = "main"
    schema       = "agent_traces"
    table_prefix = "support"
  }

  create_parents = true
}
