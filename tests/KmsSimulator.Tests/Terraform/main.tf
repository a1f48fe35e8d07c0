terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "url" {
  type = string
}

provider "aws" {
  region                      = "us-east-1"
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

resource "aws_kms_key" "symmetric" {
  enable_key_rotation     = true
  rotation_period_in_days = 180
  multi_region            = true
  tags                    = { team = "payments" }
}

resource "aws_kms_key" "signing" {
  customer_master_key_spec = "ECC_NIST_P256"
  key_usage                = "SIGN_VERIFY"
}

resource "aws_kms_key" "mac" {
  customer_master_key_spec = "HMAC_256"
  key_usage                = "GENERATE_VERIFY_MAC"
}

resource "aws_kms_external_key" "imported" {
  key_material_base64 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
  enabled             = true
}

resource "aws_kms_alias" "symmetric" {
  name          = "alias/payments"
  target_key_id = aws_kms_key.symmetric.key_id
}

resource "aws_kms_grant" "reader" {
  key_id            = aws_kms_key.symmetric.key_id
  grantee_principal = "arn:aws:iam::123456789012:role/reader"
  operations        = ["Decrypt", "DescribeKey"]
}
