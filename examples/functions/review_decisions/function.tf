terraform {
  required_providers {
    mlflow = {
      source = "mlflow-terraform/mlflow"
    }
  }
}

data "mlflow_permission_review" "all" {}

locals {
  # Decisions from the file that contains the output lines, completed by reviewers.
  decisions = provider::mlflow::review_decisions(
    data.mlflow_permission_review.all, csvdecode(file("${path.module}/decisions.csv")), plantimestamp()
  )
}

# The file for reviewers to complete: terraform output -raw lines > decisions.csv
output "lines" {
  value = provider::mlflow::permission_matrix(data.mlflow_permission_review.all, "lines")
}

# Grants that still exist although reviewers decided to revoke them.
output "to_revoke" {
  value = [for g in local.decisions.revoked : "${g.experiment_name}: ${g.principal}"]
}

check "every_grant_is_decided" {
  assert {
    condition = length(concat(local.decisions.undecided, local.decisions.expired, local.decisions.stale)) == 0
    error_message = format("Grants without a valid decision: %s.", join(", ", [
      for g in concat(local.decisions.undecided, local.decisions.expired, local.decisions.stale) : "${g.principal} on ${g.experiment_name}"
    ]))
  }
}
