using static KmsOperator.Policies.Rows.CataloguePages;
using static KmsOperator.Policies.StatementParts;

namespace KmsOperator.Policies.Rows;

/// <summary>Services that write logs, findings and reports.</summary>
internal static class LoggingRows
{
    private const string CloudTrail = "cloudtrail.amazonaws.com";
    private const string TrailContext = $"{Context}aws:cloudtrail:arn";
    private const string LogDelivery = "delivery.logs.amazonaws.com";

    /// <summary>The rows.</summary>
    public static IReadOnlyList<ServiceRow> All { get; } =
    [
        new(
            "cloudtrail", "`cloudtrail` generates data keys for the trails (source and encryption context), decrypts, describes; the account's principals decrypt logs (encryption context)",
            Of("awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail"),
            [
                ByService("CloudTrailEncrypt", [CloudTrail], ["kms:GenerateDataKey*"], FromResource("trailArns"), TextLike(TrailContext, Parameter("trailArns"))),
                ByService("CloudTrailDecrypt", [CloudTrail], ["kms:Decrypt"], FromResource("trailArns")),
                ByService("CloudTrailDescribe", [CloudTrail], ["kms:DescribeKey"], FromResource("trailArns")),
                new(
                    "CloudTrailReaders", "Allow", "AWS", ["*"], ["kms:Decrypt", "kms:ReEncryptFrom"],
                    [CallerAccount, TextLike(TrailContext, Parameter("trailArns"))]),
            ])
        {
            Parameters = Default("trailArns", Arn("cloudtrail", "*", "trail/*")),
        },
        new(
            "cloudtrail-lake", "`cloudtrail` decrypts and generates data keys (event data stores send no source)", Of("awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail"),
            [ByService("CloudTrailLake", [CloudTrail], ["kms:Decrypt", "kms:GenerateDataKey"]) with { WithoutSource = [CloudTrail] }]),
        new(
            "config", "`config` decrypts and generates data keys for the account's deliveries", Of("config/latest/developerguide/s3-kms-key-policy"),
            [ByService("ConfigDelivery", ["config.amazonaws.com"], ["kms:Decrypt", "kms:GenerateDataKey"], FromAccount)]),
        new(
            "controltower", "`config` decrypts and generates data keys; `cloudtrail` the same for the trail `aws-controltower-BaselineCloudTrail`",
            Of("controltower/latest/userguide/configure-kms-keys"),
            [
                ByService("ControlTowerConfig", ["config.amazonaws.com"], ["kms:Decrypt", "kms:GenerateDataKey"]),
                ByService(
                    "ControlTowerCloudTrail", [CloudTrail], ["kms:Decrypt", "kms:GenerateDataKey*"],
                    Like("aws:SourceArn", Own("cloudtrail", "trail/aws-controltower-BaselineCloudTrail")),
                    TextLike(TrailContext, Arn("cloudtrail", "*", "trail/*"))),
            ])
        {
            Limits = new(SingleRegionOnly: true),
        },
        new(
            "guardduty", "`guardduty` generates data keys for the account's detectors", Of("guardduty/latest/ug/guardduty_exportfindings"),
            [ByService("GuardDutyExport", ["guardduty.amazonaws.com"], ["kms:GenerateDataKey"], FromAccount, FromResource("detectorArns"))])
        {
            Parameters = Default("detectorArns", Own("guardduty", "detector/*")),
        },
        new(
            "auditmanager", "`auditmanager` decrypts and generates data keys for the account's notification topics", Of("audit-manager/latest/userguide/security_iam_id-based-policy-examples"),
            [ByService("AuditManagerNotifications", ["auditmanager.amazonaws.com"], ["kms:Decrypt", "kms:GenerateDataKey"], FromAccount, FromResource("topicArns"))])
        {
            Parameters = Default("topicArns", Own("sns", "*")),
        },
        new(
            "log-delivery", "`delivery.logs` uses the key for the account's vended logs in S3", Of("AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-S3"),
            [ByService("LogDelivery", [LogDelivery], Use, FromAccount, Like("aws:SourceArn", Own("logs", "*")))]),
        new(
            "logs-queries", "`logs` of the Region uses the key for the account's query results, and decrypts and generates data keys for its lookup tables",
            Of("AmazonCloudWatch/latest/logs/CloudWatchLogs-Insights-Query-Encrypt"),
            [
                ByService("LogsQueryResults", [$"logs.{Placeholders.Region}.amazonaws.com"], UseByService, FromAccount, Like("aws:SourceArn", Own("logs", "query-result:*"))),
                ByService(
                    "LogsLookupTables", [$"logs.{Placeholders.Region}.amazonaws.com"], ["kms:Decrypt", "kms:GenerateDataKey"],
                    Like("aws:SourceArn", Own("logs", "lookup-table:*")), Like($"{Context}aws:logs:arn", Own("logs", "lookup-table:*"))),
            ]),
        new(
            "stepfunctions", "decrypt, describe, generate data keys via states; `delivery.logs` decrypts", Of("step-functions/latest/dg/encryption-at-rest"),
            [
                ViaService(["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"], "states"),
                ByService("StepFunctionsLogs", [LogDelivery], ["kms:Decrypt"]),
            ]),
    ];

    private static Dictionary<string, string> Default(string parameter, string value) => new() { [parameter] = value };
}
