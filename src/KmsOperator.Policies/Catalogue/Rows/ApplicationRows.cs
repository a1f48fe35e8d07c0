using static KmsOperator.Policies.Rows.CataloguePages;
using static KmsOperator.Policies.StatementParts;

namespace KmsOperator.Policies.Rows;

/// <summary>Compute, integration, identity and tools.</summary>
internal static class ApplicationRows
{
    private const string ClusterAccount = $"{Context}aws:ecs:clusterAccount";
    private const string ClusterName = $"{Context}aws:ecs:clusterName";
    private const string BusContext = $"{Context}aws:events:event-bus:arn";
    private const string Dnssec = "dnssec-route53.amazonaws.com";
    private static readonly string[] IdentityCenter = ["identitystore.amazonaws.com", "sso.amazonaws.com"];

    /// <summary>The rows.</summary>
    public static IReadOnlyList<ServiceRow> All { get; } =
    [
        new(
            "autoscaling", "the service-linked role of Auto Scaling uses the key, and makes grants for AWS resources",
            Of("autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption"),
            [
                new("AutoScaling", "Allow", "AWS", [Parameter("serviceLinkedRoleArns")], Use, []),
                new("AutoScalingGrants", "Allow", "AWS", [Parameter("serviceLinkedRoleArns")], [Grant], [GrantIsForAwsResource]),
            ])
        {
            Parameters = new Dictionary<string, string>
            {
                ["serviceLinkedRoleArns"] = Arn("iam", "", "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"),
            },
        },
        new(
            "bedrock", "decrypt, describe, generate data keys, grants via bedrock", Of("bedrock/latest/userguide/encryption-custom-job"),
            [ViaService(["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey", Grant], "bedrock")]),
        new("codebuild", "use via s3; name the build role in `access.users`", Of("codebuild/latest/userguide/setting-up-kms"), [ViaService(Use, "s3")]),
        new("emr", "nothing of its own: name the instance profile's role, and for EBS the service role, in `access.users`", Of("emr/latest/ManagementGuide/emr-encryption-enable"), []),
        new(
            "eventbridge", "`events` decrypts and generates data keys for the account's buses (source and encryption context), describes; encrypt, decrypt, re-encrypt, generate data keys without plaintext, describe via events",
            Of("eventbridge/latest/userguide/eb-encryption-event-bus-cmkey"),
            [
                // Who makes or changes a bus has the key described first, and that request is not for a bus yet.
                ByService("EventBridgeDescribe", ["events.amazonaws.com"], ["kms:DescribeKey"]) with { WithoutSource = ["events.amazonaws.com"] },
                ByService(
                    "EventBridge", ["events.amazonaws.com"], ["kms:Decrypt", "kms:GenerateDataKey"],
                    FromResource("eventBusArns"), Like(BusContext, Parameter("eventBusArns"))),
                ViaService(["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"], "events"),
            ])
        {
            Parameters = new Dictionary<string, string> { ["eventBusArns"] = Own("events", "event-bus/*") },
        },
        new(
            "fargate", "`fargate` generates data keys without plaintext, and makes grants limited to decrypting, for the account's clusters (encryption context)",
            Of("AmazonECS/latest/developerguide/fargate-create-storage-key"),
            [
                ByService(
                    "FargateDataKeys", ["fargate.amazonaws.com"], ["kms:GenerateDataKeyWithoutPlaintext"],
                    Equal(ClusterAccount, Placeholders.Account), TextLike(ClusterName, Parameter("clusterNames"))),
                ByService(
                    "FargateGrants", ["fargate.amazonaws.com"], [Grant],
                    Equal(ClusterAccount, Placeholders.Account), TextLike(ClusterName, Parameter("clusterNames")),
                    new("ForAllValues:StringEquals", "kms:GrantOperations", ["Decrypt"])),
            ])
        {
            Parameters = new Dictionary<string, string> { ["clusterNames"] = "*" },
            Limits = new(SingleRegionOnly: true, NoAlias: true),
        },
        new(
            "identity-center", "`sso` and `identitystore` decrypt, re-encrypt, generate data keys without plaintext (source and encryption context), describe; decrypt via sso and identitystore",
            Of("singlesignon/latest/userguide/baseline-KMS-key-policy"),
            [
                ByService("IdentityCenterDescribe", IdentityCenter, ["kms:DescribeKey"], FromAccount),
                ByService(
                    "IdentityCenter", IdentityCenter, ["kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"], FromAccount,
                    new("ForAnyValue:StringEquals", "kms:EncryptionContextKeys", ["aws:identitystore:identitystore-arn", "aws:sso:instance-arn"])),
                ViaService(["kms:Decrypt"], "identitystore", "sso"),
            ]),
        new("mq", "use and grants via mq", Of("amazon-mq/latest/developer-guide/data-protection"), [ViaService([.. Use, Grant], "mq")]),
        new(
            "route53-dnssec", "`dnssec-route53` signs, gets the public key, describes for hosted zones of the account, and makes grants for AWS resources",
            Of("Route53/latest/DeveloperGuide/dns-configuring-dnssec-cmk-requirements"),
            [
                ByService("Route53Dnssec", [Dnssec], ["kms:DescribeKey", "kms:GetPublicKey", "kms:Sign"], FromAccount, FromResource("hostedZoneArns")),
                ByService("Route53DnssecGrants", [Dnssec], [Grant], GrantIsForAwsResource),
            ])
        {
            Parameters = new Dictionary<string, string> { ["hostedZoneArns"] = $"arn:{Placeholders.Partition}:route53:::hostedzone/*" },
            Limits = new("ECC_NIST_P256", "SIGN_VERIFY", SingleRegionOnly: true, Region: "us-east-1"),
        },
        new(
            "workspaces", "use, grants for AWS resources via workspaces", Of("workspaces/latest/adminguide/encrypt-workspaces"),
            [ViaService(Use, "workspaces"), GrantsVia("workspaces")]),
    ];
}
