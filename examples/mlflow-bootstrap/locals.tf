locals {
  # Each team has a workspace. The lead manages it, scientists edit its experiments, and readers read them.
  teams = {
    "retail" = {
      description = "Demand, prices, and customers"
      lead        = "ana"
      scientists  = ["ben", "carla"]
      readers     = ["dora"]
      experiments = [
        "basket/features", "basket/training", "churn/baseline", "churn/monitoring", "churn/training", "demand/backtesting", "demand/features",
        "demand/training", "loyalty/segments", "loyalty/training", "markdown/elasticity", "markdown/training", "pricing/elasticity",
        "pricing/monitoring", "pricing/training", "returns/training", "search/ranking", "search/training", "stores/clusters", "stores/training",
      ]
    }
    "risk" = {
      description = "Credit and fraud"
      lead        = "emil"
      scientists  = ["fatma", "goran"]
      readers     = ["hana"]
      experiments = [
        "aml/features", "aml/monitoring", "aml/training", "collections/training", "credit/backtesting", "credit/features", "credit/monitoring",
        "credit/scoring", "fraud/features", "fraud/monitoring", "fraud/rules", "fraud/training", "insolvency/training", "limits/simulation",
        "limits/training", "mortgage/scoring", "mortgage/training", "provisions/forecast", "stress/scenarios", "stress/training",
      ]
    }
    "platform" = {
      description = "Shared services"
      lead        = "ivo"
      scientists  = ["jana", "karim"]
      readers     = ["lena"]
      experiments = [
        "assistant/evaluation", "assistant/prompts", "assistant/retrieval", "costs/forecast", "embeddings/evaluation", "embeddings/training",
        "gateway/latency", "gateway/load", "images/labels", "images/training", "load-tests/serving", "load-tests/tracking", "ocr/evaluation",
        "ocr/training", "smoke-tests/serving", "smoke-tests/tracking", "speech/evaluation", "speech/training", "upgrades/candidate",
        "upgrades/current",
      ]
    }
  }

  # Grants of each role in its workspace. USE on the workspace lets members access it.
  role_grants = {
    "leads"      = { "workspace/*" = "MANAGE" }
    "scientists" = { "workspace/*" = "USE", "experiment/*" = "EDIT", "registered_model/*" = "EDIT", "prompt/*" = "EDIT" }
    "readers"    = { "workspace/*" = "USE", "experiment/*" = "READ", "registered_model/*" = "READ" }
  }

  users = merge([for name, team in local.teams : {
    for username in concat([team.lead], team.scientists, team.readers) : username => name
  }]...)

  roles = merge([for name, team in local.teams : {
    "${name}/leads"      = { workspace = name, name = "leads", members = [team.lead] }
    "${name}/scientists" = { workspace = name, name = "scientists", members = team.scientists }
    "${name}/readers"    = { workspace = name, name = "readers", members = team.readers }
  }]...)

  experiments = merge([for name, team in local.teams : {
    for experiment in team.experiments : "${name}/${experiment}" => { workspace = name, name = experiment, lead = team.lead }
  }]...)

  # In locals, because Terraform would otherwise evaluate all experiments again for each reference.
  ids = { for key, experiment in mlflow_experiment.this : key => experiment.id }
}
