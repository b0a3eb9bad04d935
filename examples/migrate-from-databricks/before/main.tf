terraform {
  required_providers {
    databricks = {
      source = "databricks/databricks"
    }
  }
}

resource "databricks_mlflow_experiment" "churn" {
  name = "/Workspace/Projects/churn"

  tags {
    key   = "team"
    value = "data-science"
  }

  trace_location {
    uc_trace_location {
      catalog = "main"
      schema  = "churn_traces"
    }
  }
}

resource "databricks_permissions" "churn" {
  experiment_id = databricks_mlflow_experiment.churn.id

  access_control {
    group_name       = "data-science"
    permission_level = "CAN_EDIT"
  }

  access_control {
    user_name        = "ana@example.com"
    permission_level = "CAN_MANAGE"
  }
}

resource "databricks_permissions" "retail" {
  directory_path = "/Projects/retail"

  access_control {
    group_name       = "data-science"
    permission_level = "CAN_RUN"
  }

  access_control {
    group_name       = "risk"
    permission_level = "CAN_READ"
  }
}
