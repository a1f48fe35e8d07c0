# Keys as `kms-operator render` describes them in keys.json, each with its policy, tags, rotation and alias, on a simulator.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "url" {
  type = string
}

variable "region" {
  type    = string
  default = "us-east-1"
}

provider "aws" {
  region                      = var.region
  access_key                  = "any"
  secret_key                  = "any"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true

  endpoints {
    kms = var.url
    sts = var.url
  }
}

locals {
  keys = { for key in jsondecode(file("${path.module}/keys.json")) : key.name => key }
}

resource "aws_kms_key" "key" {
  for_each            = local.keys
  description         = each.value.description
  policy              = jsonencode(each.value.policy)
  tags                = each.value.tags
  enable_key_rotation = true
}

resource "aws_kms_alias" "alias" {
  for_each      = local.keys
  name          = each.value.alias
  target_key_id = aws_kms_key.key[each.key].key_id
}
