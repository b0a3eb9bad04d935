resource "mlflow_experiment" "evaluation" {
  name = "/Shared/agents/evaluation"

  tags = {
    team                                 = "data-science"
    "mlflow.workload_creation_policy_id" = "3f1c9a52-7f0e-4d0b-9a53-5a1f4b8f2f60" # ID of a serverless budget policy
  }

  create_parents = true
}
