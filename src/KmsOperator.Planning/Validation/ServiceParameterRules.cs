using System.Text.RegularExpressions;
using KmsOperator.Api;
using KmsOperator.Policies;

namespace KmsOperator.Planning;

/// <summary>The rules of <see cref="ServiceParametersSpec"/>.</summary>
internal static partial class ServiceParameterRules
{
    private const string Field = "spec.serviceParameters";
    private const int MaxEntries = 20;

    /// <summary>The rules that need the spec alone: which service takes the field, and the form of each entry.</summary>
    public static void Check(FieldErrors errors, ServiceKeySpec spec)
    {
        foreach (var (name, values) in ServiceParameters.Of(spec.ServiceParameters))
        {
            var field = $"{Field}.{name}";
            errors.Require(Takes(spec.Service, name), field, Refusal(spec.Service, name));
            var (form, expected) = FormOf(name);
            errors.Set(field, values, MaxEntries, (item, value) => errors.Text(item, value, 2048, form, expected, minLength: 1));
        }
    }

    /// <summary>The rule that needs account and Region: an entry names a resource of the key's own account, or of a trusted one where the service asks for the ARN alone.</summary>
    public static IEnumerable<PolicyProblem> FindMistakes(IReadOnlyDictionary<string, IReadOnlyList<string>> parameters, string partition, string accountId, IReadOnlyCollection<string> trustedAccounts)
    {
        foreach (var (name, values) in parameters)
        {
            for (var i = 0; i < values.Count; i++)
            {
                if (values[i].Split(':') is not ["arn", var other, _, _, var account, ..])
                {
                    continue;
                }

                if (other != partition)
                {
                    yield return new PolicyProblem($"{Field}.{name}[{i}]", $"\"{values[i]}\" is of partition {other}, the key of {partition}; name a resource of that partition");
                }
                else if (account.Length > 0 && account != accountId && !(name is "trailArns" or "tableArns" && trustedAccounts.Contains(account)))
                {
                    yield return new PolicyProblem(
                        $"{Field}.{name}[{i}]",
                        $"\"{values[i]}\" is of account {account}, the key of {accountId}; "
                        + (name is "trailArns" or "tableArns" ? "name a resource of that account, or have access.trustedAccounts name the other" : "name a resource of that account"));
                }
            }
        }
    }

    private static bool Takes(string? service, string name) =>
        service is not null && ServiceCatalogue.Services.TryGetValue(service, out var row) && row.Parameters.ContainsKey(name);

    private static string Refusal(string? service, string name)
    {
        var takers = string.Join(", ", ServiceCatalogue.ServicesWith(name));
        if (service is null || !ServiceCatalogue.Services.TryGetValue(service, out var row))
        {
            return $"serviceParameters.{name} needs service {takers}; set that, or remove it";
        }

        return $"serviceParameters.{name} needs service {takers}, this is {service}, which takes "
            + (row.Parameters.Count == 0 ? "no parameters; remove it" : $"serviceParameters.{string.Join(", ", row.Parameters.Keys)}; did you mean that?");
    }

    private static (Regex Form, string Expected) FormOf(string name) => name switch
    {
        "trailArns" => (TrailArn, "the ARN of a CloudTrail trail (arn:aws:cloudtrail:REGION:ACCOUNT:trail/NAME)"),
        "detectorArns" => (DetectorArn, "the ARN of a GuardDuty detector (arn:aws:guardduty:REGION:ACCOUNT:detector/ID)"),
        "topicArns" => (TopicArn, "the ARN of an SNS topic (arn:aws:sns:REGION:ACCOUNT:NAME)"),
        "distributionArns" => (DistributionArn, "the ARN of a CloudFront distribution (arn:aws:cloudfront::ACCOUNT:distribution/ID)"),
        "bucketArns" => (BucketArn, "the ARN of an S3 bucket (arn:aws:s3:::NAME)"),
        "storageLensArns" => (StorageLensArn, "the ARN of a Storage Lens dashboard (arn:aws:s3:REGION:ACCOUNT:storage-lens/NAME)"),
        "tableBucketArns" => (TableBucketArn, "the ARN of an S3 table bucket (arn:aws:s3tables:REGION:ACCOUNT:bucket/NAME)"),
        "vectorBucketArns" => (VectorBucketArn, "the ARN of an S3 vector bucket (arn:aws:s3vectors:REGION:ACCOUNT:bucket/NAME)"),
        "receiptRuleArns" => (ReceiptRuleArn, "the ARN of an SES receipt rule (arn:aws:ses:REGION:ACCOUNT:receipt-rule-set/SET:receipt-rule/RULE)"),
        "workgroupArns" => (WorkgroupArn, "the ARN of an Athena workgroup (arn:aws:athena:REGION:ACCOUNT:workgroup/NAME)"),
        "clusterArns" => (ClusterArn, "the ARN of an Aurora DSQL cluster (arn:aws:dsql:REGION:ACCOUNT:cluster/ID)"),
        "tableArns" => (TableArn, "the ARN of a DynamoDB table (arn:aws:dynamodb:REGION:ACCOUNT:table/NAME)"),
        "integrationArns" => (IntegrationArn, "the ARN of a zero-ETL integration (arn:aws:redshift:REGION:ACCOUNT:integration:ID)"),
        "serviceLinkedRoleArns" => (ServiceLinkedRoleArn, "the ARN of a service-linked role of Auto Scaling (arn:aws:iam::ACCOUNT:role/aws-service-role/autoscaling.amazonaws.com/NAME)"),
        "eventBusArns" => (EventBusArn, "the ARN of an EventBridge event bus (arn:aws:events:REGION:ACCOUNT:event-bus/NAME)"),
        "clusterNames" => (ClusterName, "the name of an ECS cluster (letters, digits, '-' and '_')"),
        _ => (HostedZoneArn, "the ARN of a Route 53 hosted zone (arn:aws:route53:::hostedzone/ID)"),
    };

    [GeneratedRegex(@"^arn:aws(-[a-z]+)*:cloudtrail:[a-z0-9-]+:[0-9]{12}:trail/[a-zA-Z0-9._-]+\z")]
    private static partial Regex TrailArn { get; }

    [GeneratedRegex(@"^arn:aws(-[a-z]+)*:guardduty:[a-z0-9-]+:[0-9]{12}:detector/[a-z0-9]+\z")]
    private static partial Regex DetectorArn { get; }

    [GeneratedRegex(@"^arn:aws(-[a-z]+)*:sns:[a-z0-9-]+:[0-9]{12}:[a-zA-Z0-9._-]+\z")]
    private static partial Regex TopicArn { get; }

    [GeneratedRegex(@"^arn:aws(-[a-z]+)*:cloudfront::[0-9]{12}:distribution/[A-Z0-9]+\z")]
    private static partial Regex DistributionArn { get; }

    [GeneratedRegex(@"^arn:aws(-[a-z]+)*:s3:::[a-z0-9._-]+\z")]
    private static partial Regex BucketArn { get; }

    [GeneratedRegex(@"^arn:aws(-[a-z]+)*:s3:[a-z0-9-]+:[0-9]{12}:storage-lens/[a-zA-Z0-9._-]+\z")]
    private static partial Regex StorageLensArn { get; }

    [GeneratedRegex(@"^arn:aws(-[a-z]+)*:s3tables:[a-z0-9-]+:[0-9]{12}:bucket/[a-z0-9_-]+\z")]
    private static partial Regex TableBucketArn { get; }

    [GeneratedRegex(@"^arn:aws(-[a-z]+)*:s3vectors:[a-z0-9-]+:[0-9]{12}:bucket/[a-z0-9_-]+\z")]
    private static partial Regex VectorBucketArn { get; }

    [GeneratedRegex(@"^arn:aws(-[a-z]+)*:ses:[a-z0-9-]+:[0-9]{12}:receipt-rule-set/[a-zA-Z0-9._-]+:receipt-rule/[a-zA-Z0-9._-]+\z")]
    private static partial Regex ReceiptRuleArn { get; }

    [GeneratedRegex(@"^arn:aws(-[a-z]+)*:athena:[a-z0-9-]+:[0-9]{12}:workgroup/[a-zA-Z0-9._-]+\z")]
    private static partial Regex WorkgroupArn { get; }

    [GeneratedRegex(@"^arn:aws(-[a-z]+)*:dsql:[a-z0-9-]+:[0-9]{12}:cluster/[a-z0-9]+\z")]
    private static partial Regex ClusterArn { get; }

    [GeneratedRegex(@"^arn:aws(-[a-z]+)*:dynamodb:[a-z0-9-]+:[0-9]{12}:table/[a-zA-Z0-9._-]+\z")]
    private static partial Regex TableArn { get; }

    [GeneratedRegex(@"^arn:aws(-[a-z]+)*:redshift:[a-z0-9-]+:[0-9]{12}:integration:[a-zA-Z0-9-]+\z")]
    private static partial Regex IntegrationArn { get; }

    [GeneratedRegex(@"^arn:aws(-[a-z]+)*:iam::[0-9]{12}:role/aws-service-role/autoscaling\.amazonaws\.com/[a-zA-Z0-9+=,.@_-]+\z")]
    private static partial Regex ServiceLinkedRoleArn { get; }

    [GeneratedRegex(@"^arn:aws(-[a-z]+)*:events:[a-z0-9-]+:[0-9]{12}:event-bus/[a-zA-Z0-9/._-]+\z")]
    private static partial Regex EventBusArn { get; }

    [GeneratedRegex(@"^[a-zA-Z0-9_-]{1,255}\z")]
    private static partial Regex ClusterName { get; }

    [GeneratedRegex(@"^arn:aws(-[a-z]+)*:route53:::hostedzone/[A-Z0-9]+\z")]
    private static partial Regex HostedZoneArn { get; }
}
