# The provider is a mock that finds nothing: the test needs no server and no credentials.
mock_provider "mlflow" {}

run "an_empty_workspace" {
  command = plan

  assert {
    condition     = length(output.experiments) == 0 && output.import_blocks == ""
    error_message = "An empty workspace has a configuration: ${jsonencode(output.experiments)}."
  }
}
