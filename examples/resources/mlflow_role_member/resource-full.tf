locals {
  on_call = { ana = "on-call", ben = "on-call" }
}

resource "mlflow_role_member" "on_call" {
  for_each = local.on_call
  role     = each.value
  user     = each.key
}
