# Who may do what on a team's experiment. Whoever else is granted something by hand shows up in the next plan.
resource "mlflow_experiment_permissions" "this" {
  experiment_id = var.experiment_id

  groups = merge(
    { for group in var.readers : group => "CAN_READ" },
    { (var.team) = "CAN_EDIT" },
  )

  users = { (var.lead) = "CAN_MANAGE" }

  service_principals = { for id in var.service_principals : id => "CAN_EDIT" }
}
