terraform {
  required_providers {
    mlflow = {
      source = "mlflow-terraform/mlflow"
    }
  }
}

data "mlflow_permission_review" "all" {}

# A page to read and print: terraform output -raw html > review.html
output "html" {
  value = provider::mlflow::permission_matrix(data.mlflow_permission_review.all, "html", {
    title = "Quarterly access review"
    as_of = formatdate("YYYY-MM-DD", plantimestamp())
    scope = "All active experiments"
  })
}

# A table of only the direct grants, for a pull request: terraform output -raw markdown
output "markdown" {
  value = provider::mlflow::permission_matrix([for g in data.mlflow_permission_review.all.grants : g if !g.inherited], "markdown")
}
