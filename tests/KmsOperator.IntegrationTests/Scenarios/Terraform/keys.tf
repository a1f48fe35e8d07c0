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
