using static KmsOperator.Policies.StatementParts;

namespace KmsOperator.Policies.Rows;

/// <summary>The nineteen services of the Terraform solution, whose statements are the solution's.</summary>
/// <remarks>
/// One statement differs: <c>MwaaQueues</c> names the key's account in its pattern, where the solution has a star. See docs/policies.md.
/// </remarks>
internal static class SolutionRows
{
    /// <summary>The rows.</summary>
    public static IReadOnlyList<ServiceRow> All { get; } =
    [
        new("s3", "use via s3", Page("AmazonS3/latest/userguide/UsingKMSEncryption"), [ViaService(Use, "s3")]),
        new("ebs", "use and grants via ec2", Page("ebs/latest/userguide/ebs-encryption-requirements"), [ViaService([.. Use, Grant], "ec2")]),
        new(
            "efs", "use and grants via ec2 and elasticfilesystem", Page("efs/latest/ug/EFSKMS"),
            [ViaService([.. Use, Grant], "ec2", "elasticfilesystem")]),
        new(
            "rds", "use, grants, listing grants via rds", Page("AmazonRDS/latest/UserGuide/Overview.Encryption.Keys"),
            [ViaService([.. Use, Grant, ListGrants], "rds")]),
        new(
            "dynamodb", "use and grants via dynamodb; `dynamodb.amazonaws.com` may describe", Page("amazondynamodb/latest/developerguide/encryption.usagenotes"),
            [
                ViaService([.. Use, Grant], "dynamodb"),
                ByService("DynamoDbDescribe", ["dynamodb.amazonaws.com"], ["kms:Describe*", "kms:Get*", "kms:List*"]),
            ]),
        new("lambda", "use and grants via lambda", Page("lambda/latest/dg/security-encryption-at-rest"), [ViaService([.. Use, Grant], "lambda")]),
        new(
            "logs", "CloudWatch Logs of the Region, for the account's log groups (encryption context)",
            Page("AmazonCloudWatch/latest/logs/encrypt-log-data-kms"), [Logs]),
        new(
            "sns", "use, grants, listing grants via sns; cloudwatch, dynamodb, events, s3, ses may decrypt and generate data keys",
            Page("sns/latest/dg/sns-key-management"),
            [
                ViaService([.. Use, Grant, ListGrants], "sns"),
                ByService(
                    "SnsEventSources",
                    ["cloudwatch.amazonaws.com", "dynamodb.amazonaws.com", "events.amazonaws.com", "s3.amazonaws.com", "ses.amazonaws.com"],
                    ["kms:Decrypt", "kms:GenerateDataKey*"]) with { WithoutSource = ["events.amazonaws.com"] },
            ]),
        new(
            "sqs", "use and grants via sqs; events, s3, sns may decrypt and generate data keys", Page("AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management"),
            [
                ViaService([.. Use, Grant], "sqs"),
                ByService("SqsEventSources", ["events.amazonaws.com", "s3.amazonaws.com", "sns.amazonaws.com"], ["kms:Decrypt", "kms:GenerateDataKey*"]),
            ]),
        new(
            "backup", "decrypt, generate data keys, grants via backup", Page("aws-backup/latest/devguide/encryption"),
            [
                ViaService(["kms:Decrypt", "kms:GenerateDataKey*", Grant], "backup") with
                {
                    OnGrants = [new("ForAnyValue:StringEquals", "kms:EncryptionContextKeys", ["aws:backup:backup-vault"])],
                },
            ]),
        new("ssm", "use via ssm", Page("systems-manager/latest/userguide/secure-string-parameter-kms-encryption"), [ViaService(Use, "ssm")]),
        new(
            "secretsmanager", "encrypt, decrypt, re-encrypt, describe, grants via secretsmanager", Page("secretsmanager/latest/userguide/security-encryption"),
            [ViaService(["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:ReEncrypt*", Grant], "secretsmanager")]),
        new(
            "session", "users and administrators use the key", Page("systems-manager/latest/userguide/session-preferences-enable-encryption"),
            [new StatementTemplate("SessionUsers", "Allow", "AWS", [Placeholders.UsersAndAdministrators], Use, [])]),
        new("kinesis", "use via kinesis and lambda", Page("streams/latest/dev/permissions-user-key-KMS"), [ViaService(Use, "kinesis", "lambda")]),
        new("glue", "use and grants via glue", Page("glue/latest/dg/encryption-at-rest"), [ViaService([.. Use, Grant], "glue")]),
        new(
            "acm", "decrypt via acm; grants via acm limited to decrypting, or to encrypting and re-encrypting; re-encrypting to another key is denied",
            Page("acm/latest/userguide/data-protection"),
            [
                AcmGrant("AcmGrantDecrypt", "Decrypt"),
                AcmGrant("AcmGrantEncrypt", "Encrypt", "ReEncryptFrom", "ReEncryptTo"),
                ViaService(["kms:Decrypt"], "acm"),
                new StatementTemplate("AcmReEncryptOnSameKeyOnly", "Deny", "AWS", ["*"], ["kms:ReEncrypt*"], [new("Bool", "kms:ReEncryptOnSameKey", ["false"])]),
            ]),
        new(
            "mwaa", "use via s3; CloudWatch Logs; the account's `airflow-celery-*` queues (encryption context)", Page("mwaa/latest/userguide/custom-keys-certs"),
            [
                ViaService(Use, "s3"),
                Logs,
                new StatementTemplate("MwaaQueues", "Allow", "AWS", ["*"], UseByService, [Like($"{Context}aws:sqs:arn", Own("sqs", "airflow-celery-*"))]),
            ])
        {
            Limits = new(SingleRegionOnly: true),
        },
        new(
            "ecr", "use, grants, retiring grants via ecr", Page("AmazonECR/latest/userguide/encryption-at-rest"),
            [ViaService([.. Use, Grant, "kms:RetireGrant"], "ecr")]),
        new("eks", "use via eks", Page("eks/latest/userguide/envelope-encryption"), [ViaService(Use, "eks")]),
    ];

    private static string Page(string path) => CataloguePages.Of(path);

    private static StatementTemplate AcmGrant(string sid, params string[] operations) => ViaService(
        sid, [Grant], ["acm"], GrantIsForAwsResource, new ConditionTemplate("ForAllValues:StringEquals", "kms:GrantOperations", operations));
}
