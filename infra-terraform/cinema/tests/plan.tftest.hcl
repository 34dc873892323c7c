# Nothing is created: what AWS would say is made up.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_region" {
    defaults = { region = "eu-central-1" }
  }
  mock_data "aws_availability_zones" {
    defaults = { names = ["eu-central-1a", "eu-central-1b", "eu-central-1c"] }
  }
  mock_data "aws_route53_zone" {
    defaults = { zone_id = "Z0000000000000000000" }
  }
}

variables {
  environment = "test"
  domain      = "cinema.example"
  zone        = "cinema.example"
  email       = "operators@cinema.example"
  code_bucket = "cinema-example-code"
  monthly_usd = 100
  settings    = { FIRST_ADMIN_EMAIL = "editor@cinema.example" }

  url_signing_key = file("./tests/url-signing-key.pem")
  release = join("\n", concat(
    [for name in keys(jsondecode(file("../../functions/plan.json")).functions) : "${sha256(name)}  ${name}.zip"],
    [for name in distinct(flatten([for function in jsondecode(file("../../functions/plan.json")).functions : function.layers])) : "${sha256(name)}  layer-${name}.zip"],
  ))

  # One of everything, as in `dev`; `check` plans `prod`.
  size = {
    cidr                = "10.20.0.0/16"
    zones               = 2
    nat_per_zone        = false
    interface_endpoints = ["sqs"]
    is_protected        = false
    log_days            = 30
    canary              = "CodeDeployDefault.LambdaAllAtOnce"
    requests_per_second = 100
    price_class         = "PriceClass_100"
    database            = { class = "db.t4g.small", storage_gib = 20, most_gib = 50, multi_az = false, backup_days = 1 }
    redis               = { class = "cache.t4g.micro", nodes = 1 }
    search              = { class = "t3.small.search", nodes = 1, storage_gib = 10 }
  }
}

run "everything" {
  command = plan

  assert {
    condition     = output.public_url == "https://cinema.example"
    error_message = "The public address is the domain."
  }

  # Whatever nobody said in the open is a secret.
  assert {
    condition     = output.secrets["setting/CURSOR_KEY"] == "random-32" && output.secrets["setting/OAUTH_PROVIDERS"] == "given"
    error_message = "A setting without a value is kept in Secrets Manager."
  }
  assert {
    condition     = !contains(keys(output.secrets), "setting/FIRST_ADMIN_EMAIL") && !contains(keys(output.secrets), "setting/ORIGIN_VERIFY")
    error_message = "A setting with a value is no secret; Terraform makes the origin's."
  }
}

run "a_release_without_a_zip" {
  command = plan

  # Nothing else has to be looked at.
  plan_options {
    target = [terraform_data.release]
  }

  variables {
    release = "0000000000000000000000000000000000000000000000000000000000000000  layer-ffmpeg.zip\n"
  }

  expect_failures = [terraform_data.release]
}

run "one_zone" {
  command = plan

  # The cheapest of what is made by the sizes: what is made by none of them does not look at them.
  plan_options {
    target = [module.network.aws_vpc.this]
  }

  variables {
    size = {
      cidr                = "10.20.0.0/16"
      zones               = 1
      nat_per_zone        = true
      interface_endpoints = []
      is_protected        = false
      log_days            = 30
      canary              = "CodeDeployDefault.LambdaAllAtOnce"
      requests_per_second = 100
      price_class         = "PriceClass_100"
      database            = { class = "db.t4g.small", storage_gib = 20, most_gib = 50, multi_az = false, backup_days = 1 }
      redis               = { class = "cache.t4g.micro", nodes = 1 }
      search              = { class = "t3.small.search", nodes = 1, storage_gib = 10 }
    }
  }

  expect_failures = [var.size]
}
