variable "alias" {
  type = string
}

resource "aws_kms_key" "this" {
  count                   = 1
  description             = "of the community module"
  policy                  = file("${path.root}/policies/community.json")
  enable_key_rotation     = true
  rotation_period_in_days = 180
  tags                    = { Name = "community" }
}

resource "aws_kms_alias" "this" {
  for_each      = toset([var.alias])
  name          = "alias/${each.key}"
  target_key_id = aws_kms_key.this[0].key_id
}
