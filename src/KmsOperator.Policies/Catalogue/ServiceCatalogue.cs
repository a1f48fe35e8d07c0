using static KmsOperator.Policies.StatementParts;

namespace KmsOperator.Policies;

/// <summary>What the key policy of each AWS service contains beyond the common statements: one row a service.</summary>
/// <remarks>Source: the services' sections in the AWS KMS and service guides; see docs/policies.md.</remarks>
public static class ServiceCatalogue
{
    /// <summary>Statements by service, in the order of the documentation.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<StatementTemplate>> Services { get; } =
        new OrderedDictionary<string, IReadOnlyList<StatementTemplate>>(StringComparer.Ordinal)
        {
            ["s3"] = [ViaService(Use, "s3")],
            ["ebs"] = [ViaService([.. Use, Grant], "ec2")],
            ["efs"] = [ViaService([.. Use, Grant], "ec2", "elasticfilesystem")],
            ["rds"] = [ViaService([.. Use, Grant, ListGrants], "rds")],
            ["dynamodb"] =
            [
                ViaService([.. Use, Grant], "dynamodb"),
                ByService("DynamoDbDescribe", ["dynamodb.amazonaws.com"], ["kms:Describe*", "kms:Get*", "kms:List*"]),
            ],
            ["lambda"] = [ViaService([.. Use, Grant], "lambda")],
            ["logs"] = [Logs],
            ["sns"] =
            [
                ViaService([.. Use, Grant, ListGrants], "sns"),
                ByService(
                    "SnsEventSources",
                    ["cloudwatch.amazonaws.com", "dynamodb.amazonaws.com", "events.amazonaws.com", "s3.amazonaws.com", "ses.amazonaws.com"],
                    ["kms:Decrypt", "kms:GenerateDataKey*"]),
            ],
            ["sqs"] =
            [
                ViaService([.. Use, Grant], "sqs"),
                ByService("SqsEventSources", ["events.amazonaws.com", "s3.amazonaws.com", "sns.amazonaws.com"], ["kms:Decrypt", "kms:GenerateDataKey*"]),
            ],
            ["backup"] = [ViaService(["kms:Decrypt", "kms:GenerateDataKey*", Grant], "backup")],
            ["ssm"] = [ViaService(Use, "ssm")],
            ["secretsmanager"] = [ViaService(["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:ReEncrypt*", Grant], "secretsmanager")],
            ["session"] = [new StatementTemplate("SessionUsers", "Allow", "AWS", [Placeholders.UsersAndAdministrators], Use, [])],
            ["kinesis"] = [ViaService(Use, "kinesis", "lambda")],
            ["glue"] = [ViaService([.. Use, Grant], "glue")],
            ["acm"] =
            [
                AcmGrant("AcmGrantDecrypt", "Decrypt"),
                AcmGrant("AcmGrantEncrypt", "Encrypt", "ReEncryptFrom", "ReEncryptTo"),
                ViaService(["kms:Decrypt"], "acm"),
                new StatementTemplate(
                    "AcmReEncryptOnSameKeyOnly", "Deny", "AWS", ["*"], ["kms:ReEncrypt*"], [new ConditionTemplate("Bool", "kms:ReEncryptOnSameKey", ["false"])]),
            ],
            ["mwaa"] =
            [
                ViaService(Use, "s3"),
                Logs,
                new StatementTemplate(
                    "MwaaQueues",
                    "Allow",
                    "AWS",
                    ["*"],
                    UseByService,
                    [
                        new ConditionTemplate(
                            "ArnLike",
                            "kms:EncryptionContext:aws:sqs:arn",
                            [$"arn:{Placeholders.Partition}:sqs:{Placeholders.Region}:*:airflow-celery-*"]),
                    ]),
            ],
            ["ecr"] = [ViaService([.. Use, Grant, "kms:RetireGrant"], "ecr")],
            ["eks"] = [ViaService(Use, "eks")],
        };
}
