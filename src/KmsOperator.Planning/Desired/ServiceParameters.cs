using KmsOperator.Api;

namespace KmsOperator.Planning;

/// <summary>The fields of <see cref="ServiceParametersSpec"/>.</summary>
internal static class ServiceParameters
{
    /// <summary>Each field's name, and its values; those that name nothing are left out.</summary>
    public static IReadOnlyList<(string Name, IReadOnlyList<string> Values)> Of(ServiceParametersSpec? spec)
    {
        (string Name, IReadOnlyList<string>? Values)[] all =
        [
            ("trailArns", spec?.TrailArns), ("detectorArns", spec?.DetectorArns), ("topicArns", spec?.TopicArns), ("distributionArns", spec?.DistributionArns),
            ("bucketArns", spec?.BucketArns), ("storageLensArns", spec?.StorageLensArns), ("tableBucketArns", spec?.TableBucketArns),
            ("vectorBucketArns", spec?.VectorBucketArns), ("receiptRuleArns", spec?.ReceiptRuleArns), ("workgroupArns", spec?.WorkgroupArns), ("clusterArns", spec?.ClusterArns),
            ("tableArns", spec?.TableArns), ("integrationArns", spec?.IntegrationArns), ("serviceLinkedRoleArns", spec?.ServiceLinkedRoleArns),
            ("eventBusArns", spec?.EventBusArns), ("clusterNames", spec?.ClusterNames), ("hostedZoneArns", spec?.HostedZoneArns),
        ];
        return [.. all.Where(field => field.Values is { Count: > 0 }).Select(field => (field.Name, field.Values!))];
    }

    /// <summary>The values as a replica in another Region has them: in ARNs that name the primary's Region, the replica's takes its place.</summary>
    /// <param name="spec">The fields.</param>
    /// <param name="from">The primary's Region.</param>
    /// <param name="to">The replica's Region.</param>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> InRegion(ServiceParametersSpec? spec, string from, string to) =>
        Of(spec).ToDictionary(
            field => field.Name,
            IReadOnlyList<string> (field) => [.. field.Values.Select(value => value.Split(':', 6) is ["arn", var partition, var service, var region, var account, var rest] && region == from
                ? string.Join(':', "arn", partition, service, to, account, rest)
                : value)]);
}
