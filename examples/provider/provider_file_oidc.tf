# An ID token in a file, as Kubernetes mounts it into a pod.
provider "mlflow" {
  host                         = "https://dbc-a1b2c3d4-e5f6.cloud.databricks.com"
  client_id                    = "6f1c2a34-5b67-4c89-9d01-23456789abcd"
  databricks_id_token_filepath = "/var/run/secrets/tokens/databricks"
}
