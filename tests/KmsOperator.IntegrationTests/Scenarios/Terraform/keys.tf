# The layout of the solution's modules, of the community module, and plain resources. The policies are files that the test writes.
module "kms" {
  source   = "./kms"
  prefix   = var.prefix
  services = ["s3", "logs"]
}

module "kms_replica" {
  source    = "./kms_replica"
  prefix    = var.prefix
  primaries = module.kms.arns
  services  = ["s3"]

  providers = {
    aws = aws.replica
  }
}

module "community" {
  source = "./community"
  alias  = "${var.prefix}/community"
}

resource "aws_kms_key" "plain" {
  description              = "signs releases"
  customer_master_key_spec = "ECC_NIST_P256"
  key_usage                = "SIGN_VERIFY"
  deletion_window_in_days  = 14
  tags                     = { Name = "plain" }
}

resource "aws_kms_key_policy" "plain" {
  key_id = aws_kms_key.plain.id
  policy = file("${path.root}/policies/plain.json")
}

resource "aws_kms_alias" "plain" {
  name          = "alias/${var.prefix}/plain"
  target_key_id = aws_kms_key.plain.key_id
}

resource "aws_kms_grant" "backup" {
  name              = "backup"
  key_id            = module.kms.arns["s3"]
  grantee_principal = "arn:aws:iam::123456789012:role/Backup"
  operations        = ["Encrypt", "Decrypt", "CreateGrant"]
}

resource "aws_kms_grant" "theirs" {
  count              = 1
  key_id             = module.kms.arns["logs"]
  grantee_principal  = "arn:aws:iam::444455556666:role/Theirs"
  retiring_principal = "arn:aws:iam::444455556666:role/Theirs"
  operations         = ["Decrypt", "DescribeKey"]

  constraints {
    encryption_context_subset = { stage = "live" }
  }
}
