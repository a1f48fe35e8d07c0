variable "prefix" {
  type = string
}

variable "services" {
  type = set(string)
}

resource "aws_kms_key" "kms_key" {
  for_each            = var.services
  description         = "KMS key for encrypting ${each.key}"
  policy              = file("${path.root}/policies/${each.key}.json")
  enable_key_rotation = true
  multi_region        = each.key == "s3"
  tags                = { Name = "${var.prefix}-${each.key}-cmk" }
}

resource "aws_kms_alias" "kms_alias" {
  for_each      = var.services
  name          = "alias/${var.prefix}/${each.key}"
  target_key_id = aws_kms_key.kms_key[each.key].key_id
}

output "arns" {
  value = { for service, key in aws_kms_key.kms_key : service => key.arn }
}
