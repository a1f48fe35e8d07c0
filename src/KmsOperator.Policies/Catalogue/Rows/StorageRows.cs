using static KmsOperator.Policies.Rows.CataloguePages;
using static KmsOperator.Policies.StatementParts;

namespace KmsOperator.Policies.Rows;

/// <summary>Services that keep, move and deliver files and objects.</summary>
internal static class StorageRows
{
    /// <summary>The rows.</summary>
    public static IReadOnlyList<ServiceRow> All { get; } =
    [
        new(
            "cloudfront", "`cloudfront` encrypts, decrypts, generates data keys for the account's distributions",
            Of("AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3"),
            [ByService("CloudFrontOrigins", ["cloudfront.amazonaws.com"], ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*"], FromResource("distributionArns"))])
        {
            Parameters = Default("distributionArns", Arn("cloudfront", "", "distribution/*")),
        },
        new(
            "firehose", "decrypt, generate data keys, grants via firehose", Of("firehose/latest/dev/encryption"),
            [ViaService(["kms:Decrypt", "kms:GenerateDataKey", Grant], "firehose")]),
        new(
            "fsx", "encrypt, decrypt, re-encrypt, generate data keys without plaintext, describe, grants via fsx", Of("fsx/latest/WindowsGuide/encryption-at-rest"),
            [ViaService(["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncrypt*", Grant], "fsx")]),
        new(
            "s3-inventory", "`s3` generates data keys for the inventories of the account's buckets", Of("AmazonS3/latest/userguide/configure-inventory"),
            [ByService("S3Inventory", ["s3.amazonaws.com"], ["kms:GenerateDataKey"], FromAccount, FromResource("bucketArns"))])
        {
            Parameters = Default("bucketArns", $"arn:{Placeholders.Partition}:s3:::*"),
        },
        new(
            "s3-storage-lens", "`storage-lens.s3` generates data keys for the account's dashboards", Of("AmazonS3/latest/userguide/storage_lens_encrypt_permissions"),
            [ByService("S3StorageLens", ["storage-lens.s3.amazonaws.com"], ["kms:GenerateDataKey"], FromAccount, FromResource("storageLensArns"))])
        {
            Parameters = Default("storageLensArns", Own("s3", "storage-lens/*")),
        },
        new(
            "s3-tables", "`maintenance.s3tables` and `metadata.s3` decrypt and generate data keys for the account's tables (encryption context)",
            Of("AmazonS3/latest/userguide/s3-tables-kms-permissions"),
            [
                ByService(
                    "S3Tables", ["maintenance.s3tables.amazonaws.com", "metadata.s3.amazonaws.com"], ["kms:Decrypt", "kms:GenerateDataKey"],
                    TextLike($"{Context}aws:s3:arn", Parameter("tableBucketArns") + "/*")),
            ])
        {
            Parameters = Default("tableBucketArns", Own("s3tables", "bucket/*")),
        },
        new(
            "s3-vectors", "`indexing.s3vectors` decrypts for the account's vector buckets (encryption context); decrypt and generate data keys via s3vectors",
            Of("AmazonS3/latest/userguide/s3-vectors-data-encryption"),
            [
                ByService(
                    "S3VectorsIndexing", ["indexing.s3vectors.amazonaws.com"], ["kms:Decrypt"], FromAccount, FromResource("vectorBucketArns"),
                    new("ForAnyValue:StringEquals", "kms:EncryptionContextKeys", ["aws:s3vectors:arn", "aws:s3vectors:resource-id"])),
                ViaService(["kms:Decrypt", "kms:GenerateDataKey"], "s3vectors"),
            ])
        {
            Parameters = Default("vectorBucketArns", Own("s3vectors", "bucket/*")),
        },
        new(
            "ses", "`ses` decrypts and generates data keys for the account's receipt rules", Of("ses/latest/dg/receiving-email-permissions"),
            [ByService("SesReceiving", ["ses.amazonaws.com"], ["kms:Decrypt", "kms:GenerateDataKey*"], FromAccount, FromResource("receiptRuleArns"))])
        {
            Parameters = Default("receiptRuleArns", Own("ses", "receipt-rule-set/*:receipt-rule/*")),
        },
    ];

    private static Dictionary<string, string> Default(string parameter, string value) => new() { [parameter] = value };
}
