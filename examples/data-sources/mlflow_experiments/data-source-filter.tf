# The ten most recently used experiments.
data "mlflow_experiments" "recent" {
  filter   = "name LIKE '/Projects/%'"
  order_by = ["last_update_time DESC"]
  limit    = 10
}

output "recent" {
  value = data.mlflow_experiments.recent.experiments[*].name
}
