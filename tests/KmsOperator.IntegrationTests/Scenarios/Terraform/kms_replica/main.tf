terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "prefix" {
  type = string
}

variable "primaries" {
  type = map(string)
}

variable "services" {
  type = set(string)
}

resource "aws_kms_replica_key" "kms_key_replica" {
  for_each        = var.services
  description     = "Multi-Region replica key for ${each.key} from us-east-1"
  primary_key_arn = var.primaries[each.key]
  policy          = file("${path.root}/policies/${each.key}-replica.json")
  tags            = { Name = "alias/${var.prefix}/${each.key}-replica" }
}

resource "aws_kms_alias" "kms_alias" {
  for_each      = var.services
  name          = "alias/${var.prefix}/${each.key}"
  target_key_id = aws_kms_replica_key.kms_key_replica[each.key].key_id
}
