namespace KmsOperator.Api;

/// <summary>
/// <c>ServiceKey.spec.serviceParameters</c>: the resources for which a service may use the key. An absent or empty list stands for all of the key's account.
/// Each field belongs to certain services, and is refused with others. 20 entries at most each.
/// </summary>
public sealed record ServiceParametersSpec
{
    /// <summary>ARNs of CloudTrail trails; service <c>cloudtrail</c>.</summary>
    public IReadOnlyList<string>? TrailArns { get; init; }

    /// <summary>ARNs of GuardDuty detectors; service <c>guardduty</c>.</summary>
    public IReadOnlyList<string>? DetectorArns { get; init; }

    /// <summary>ARNs of SNS topics; service <c>auditmanager</c>.</summary>
    public IReadOnlyList<string>? TopicArns { get; init; }

    /// <summary>ARNs of CloudFront distributions; service <c>cloudfront</c>.</summary>
    public IReadOnlyList<string>? DistributionArns { get; init; }

    /// <summary>ARNs of S3 buckets; service <c>s3-inventory</c>.</summary>
    public IReadOnlyList<string>? BucketArns { get; init; }

    /// <summary>ARNs of S3 Storage Lens dashboards; service <c>s3-storage-lens</c>.</summary>
    public IReadOnlyList<string>? StorageLensArns { get; init; }

    /// <summary>ARNs of S3 table buckets; service <c>s3-tables</c>.</summary>
    public IReadOnlyList<string>? TableBucketArns { get; init; }

    /// <summary>ARNs of S3 vector buckets; service <c>s3-vectors</c>.</summary>
    public IReadOnlyList<string>? VectorBucketArns { get; init; }

    /// <summary>ARNs of SES receipt rules; service <c>ses</c>.</summary>
    public IReadOnlyList<string>? ReceiptRuleArns { get; init; }

    /// <summary>ARNs of Athena workgroups; service <c>athena-managed</c>.</summary>
    public IReadOnlyList<string>? WorkgroupArns { get; init; }

    /// <summary>ARNs of Aurora DSQL clusters; service <c>aurora-dsql</c>.</summary>
    public IReadOnlyList<string>? ClusterArns { get; init; }

    /// <summary>ARNs of DynamoDB tables; service <c>dynamodb-global</c>.</summary>
    public IReadOnlyList<string>? TableArns { get; init; }

    /// <summary>ARNs of zero-ETL integrations; service <c>redshift-zeroetl</c>.</summary>
    public IReadOnlyList<string>? IntegrationArns { get; init; }

    /// <summary>ARNs of service-linked roles of Auto Scaling; service <c>autoscaling</c>.</summary>
    public IReadOnlyList<string>? ServiceLinkedRoleArns { get; init; }

    /// <summary>ARNs of EventBridge event buses; service <c>eventbridge</c>.</summary>
    public IReadOnlyList<string>? EventBusArns { get; init; }

    /// <summary>Names of ECS clusters; service <c>fargate</c>.</summary>
    public IReadOnlyList<string>? ClusterNames { get; init; }

    /// <summary>ARNs of Route 53 hosted zones; service <c>route53-dnssec</c>.</summary>
    public IReadOnlyList<string>? HostedZoneArns { get; init; }
}
