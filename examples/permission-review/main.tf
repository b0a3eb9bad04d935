data "mlflow_experiments" "selected" {
  name_prefix = var.name_prefix
}

data "mlflow_experiment_permissions" "each" {
  # Those of notebooks have the permissions of the notebook.
  for_each = { for e in data.mlflow_experiments.selected.experiments : e.name => e.id if e.kind == "workspace" }

  experiment_id = each.value
}

locals {
  # Workspace admins hold CAN_MANAGE everywhere and are left out.
  grants = flatten([
    for name, permissions in data.mlflow_experiment_permissions.each : [
      for g in permissions.grants : {
        experiment = name
        principal  = g.principal
        kind       = g.kind
        level      = g.level
        from       = g.inherited ? coalesce(g.inherited_from_path, "a folder above") : "direct"
      } if g.principal != "admins"
    ]
  ])

  # One line an experiment and one cell a level. "*" marks what is inherited, "…" a shortened application id.
  cells = {
    for name, permissions in data.mlflow_experiment_permissions.each : name => [
      for level in ["CAN_MANAGE", "CAN_EDIT", "CAN_READ"] : join(", ", [
        for g in permissions.grants : join("", [
          g.kind == "service_principal" ? "${substr(g.principal, 0, 8)}…" : g.principal,
          g.inherited ? "*" : "",
        ]) if g.level == level && g.principal != "admins"
      ])
    ]
  }
  rows = concat([["EXPERIMENT", "CAN_MANAGE", "CAN_EDIT", "CAN_READ"]], [for name, cells in local.cells : concat([name], cells)])

  widths = [for column in range(4) : max([for row in local.rows : length(row[column])]...)]
  table = join("\n", [
    for row in local.rows : trimspace(join("  ", [for column in range(4) : format("%-${local.widths[column]}s", row[column])]))
  ])
}
