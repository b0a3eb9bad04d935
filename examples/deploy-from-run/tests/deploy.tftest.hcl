# The provider is mocked and the module that reads the server is overridden, so `terraform test` needs no server or credentials.
mock_provider "mlflow" {}

override_module {
  target = module.read
  outputs = {
    has_more = false
    runs = [{
      run_id       = "6f1c2a345b674c899d0123456789abcd"
      run_name     = "weekly"
      status       = "FINISHED"
      artifact_uri = "dbfs:/databricks/mlflow-tracking/1280664374380606/6f1c2a345b674c899d0123456789abcd/artifacts"
      end_time     = "2026-03-30T13:00:00.000Z"
      metrics      = { auc = 0.93 }
      tags         = { release = "candidate", "mlflow.source.git.commit" = "4f2d1c0b9a8e7f6d5c4b3a291807f6e5d4c3b2a1" }
    }]
    files = [
      { path = "deployment/manifest.json", is_dir = false, file_size = 812 },
      { path = "deployment/weights", is_dir = true, file_size = null },
    ]
  }
}

variables {
  now = "2026-03-31T00:00:00Z"
}

run "a_candidate" {
  assert {
    condition     = endswith(output.artifact_uri, "/artifacts/deployment")
    error_message = "artifact_uri is ${output.artifact_uri}."
  }

  assert {
    condition     = output.git_commit == "4f2d1c0b9a8e7f6d5c4b3a291807f6e5d4c3b2a1" && output.run.metric == 0.93
    error_message = "The commit is ${output.git_commit}, and the run ${jsonencode(output.run)}."
  }

  assert {
    condition     = output.files == { "manifest.json" = 812 }
    error_message = "The files are ${jsonencode(output.files)}."
  }
}

run "too_old" {
  command = plan

  variables {
    now = "2026-05-01T00:00:00Z"
  }

  expect_failures = [output.run]
}

run "a_file_is_missing" {
  command = plan

  variables {
    required_files = ["manifest.json", "weights"]
  }

  expect_failures = [output.files]
}

run "no_candidate" {
  command = plan

  override_module {
    target  = module.read
    outputs = { has_more = false, runs = [], files = [] }
  }

  expect_failures = [output.run]
}

run "several_candidates_and_still_running" {
  command = plan

  override_module {
    target = module.read
    outputs = {
      has_more = true
      runs     = [{ run_id = "1", run_name = "weekly", status = "RUNNING", artifact_uri = "", end_time = null, metrics = { auc = 0.93 }, tags = {} }]
      files    = [{ path = "deployment/manifest.json", is_dir = false, file_size = 812 }]
    }
  }

  expect_failures = [output.run, check.reproducible]
}

run "a_tag_cannot_change_the_filter" {
  command = plan

  variables {
    tag = { key = "release", value = "x' AND metrics.auc >= '0" }
  }

  expect_failures = [var.tag]
}
