# The root module, with a mock for a provider that finds nothing: no server and no credentials are needed.
mock_provider "mlflow" {}

run "an_empty_workspace" {
  command = plan

  assert {
    condition     = length(output.experiments) == 0 && output.import_blocks == ""
    error_message = "Something is written down of an empty workspace: ${jsonencode(output.experiments)}."
  }
}
