using KmsOperator.Importing.Objects;

namespace KmsOperator.Importing.Crossplane;

/// <summary>Keys of Crossplane's AWS provider: managed resources of the cluster, and those of namespaces.</summary>
/// <remarks>Source: CRDs of crossplane-contrib/provider-upjet-aws, <c>kms.aws.upbound.io/v1beta1</c> and <c>kms.aws.m.upbound.io/v1beta1</c>; Crossplane documentation, "Managed resources".</remarks>
internal static class CrossplaneKeys
{
    /// <summary>The API groups.</summary>
    public static IReadOnlyList<string> Groups { get; } = [ClusterGroup, "kms.aws.m.upbound.io"];

    private const string ClusterGroup = "kms.aws.upbound.io";
    private const string HowToExport = "Export the objects from the cluster: kubectl get managed -A -o yaml";

    /// <summary>The keys among the objects of the groups.</summary>
    public static ForeignKeys Of(IReadOnlyList<ForeignObject> objects)
    {
        var keys = new KeysOfObjects();
        foreach (var one in objects.Where(one => one.Kind == "Key"))
        {
            if (Arn(one) is not { } arn)
                keys.Leave(one, Source(one), $"has no status.atProvider.arn, so its key is not known. {HowToExport}");
            else if (Text(one, "customKeyStoreId") is not null)
                keys.Leave(one, Source(one), ForeignKey.OfAnotherOrigin("Crossplane"));
            else
                keys.Add(one, Key(one, arn));
        }

        foreach (var one in objects.Where(one => one.Kind == "ReplicaKey"))
        {
            var primary = Text(one, "primaryKeyArn") ?? keys.ArnOf(one.Group, one.Namespace, one.Text("spec", "forProvider", "primaryKeyArnRef", "name"));
            if (Arn(one) is not { } arn)
                keys.Leave(one, Source(one), $"has no status.atProvider.arn, so its key is not known. {HowToExport}");
            else if (primary is null)
                keys.Leave(one, Source(one), $"names no primary. {HowToExport}");
            else
                keys.Add(one, Replica(one, arn, primary));
        }

        foreach (var one in objects.Where(one => one.Kind is "Alias" or "Grant"))
        {
            var (byId, byReference) = one.Kind == "Alias" ? ("targetKeyId", "targetKeyIdRef") : ("keyId", "keyIdRef");
            var arn = Text(one, "targetKeyArn")
                ?? keys.ArnOf(one.Group, one.Namespace, one.Text("spec", "forProvider", byReference, "name"))
                ?? keys.Find(Text(one, byId), one.Text("spec", "forProvider", "region"));
            if (!keys.Attach(arn, Source(one), key => one.Kind == "Alias" ? WithAlias(key, one) : WithGrant(key, one)))
                keys.Leave(one, Source(one), "its key is not among these objects; it stays with Crossplane");
        }

        foreach (var one in objects.Where(one => one.Kind is "ExternalKey" or "ReplicaExternalKey"))
            keys.Leave(one, Source(one), ForeignKey.OfAnotherOrigin("Crossplane"));

        return keys.ToForeignKeys();
    }

    private static ForeignKey Key(ForeignObject one, string arn) => Common(one, arn) with
    {
        KeySpec = Text(one, "customerMasterKeySpec") ?? "SYMMETRIC_DEFAULT",
        Enabled = Flag(one, "isEnabled") ?? true,
        MultiRegion = Flag(one, "multiRegion") ?? false,
        Rotation = new ForeignRotation(Flag(one, "enableKeyRotation") ?? false, Number(one, "rotationPeriodInDays")),
    };

    private static ForeignKey Replica(ForeignObject one, string arn, string primary) => Common(one, arn) with
    {
        KeySpec = Text(one, "keySpec") ?? "SYMMETRIC_DEFAULT",
        Enabled = Flag(one, "enabled") ?? true,
        MultiRegion = true,
        PrimaryArn = primary,
    };

    private static ForeignKey Common(ForeignObject one, string arn) => new()
    {
        Arn = arn,
        Sources = [Source(one)],
        NameHint = one.Name,
        Description = Text(one, "description") ?? "",
        KeyUsage = Text(one, "keyUsage") ?? "ENCRYPT_DECRYPT",
        Policy = Text(one, "policy"),
        Tags = one.Map("status", "atProvider", "tagsAll") ?? one.Map("status", "atProvider", "tags") ?? one.Map("spec", "forProvider", "tags") ?? [],
        DeletionWindowDays = Number(one, "deletionWindowInDays"),
    };

    private static ForeignKey WithAlias(ForeignKey key, ForeignObject one)
    {
        var name = one.Text("metadata", "annotations", "crossplane.io/external-name") ?? one.Text("status", "atProvider", "id") ?? one.Name;
        return key with { Aliases = [.. key.Aliases, name.StartsWith("alias/", StringComparison.Ordinal) ? name : $"alias/{name}"] };
    }

    private static ForeignKey WithGrant(ForeignKey key, ForeignObject one) => key with { Grants = [.. key.Grants, Grant(one)] };

    private static ForeignGrant Grant(ForeignObject one) => new ForeignGrant(one.Label, one.Name)
    {
        Id = one.Text("status", "atProvider", "grantId"),
        Name = Text(one, "name"),
        GranteePrincipal = Text(one, "granteePrincipal"),
        RetiringPrincipal = Text(one, "retiringPrincipal"),
        Operations = one.Texts("status", "atProvider", "operations") is { Count: > 0 } made ? made : one.Texts("spec", "forProvider", "operations"),
        Obstacle = one.Text("status", "atProvider", "grantId") is null ? $"the object has no status.atProvider.grantId, so KMS may not have it. {HowToExport}" : null,
    }.With(Constraints(one, "encryptionContextEquals"), Constraints(one, "encryptionContextSubset"));

    private static IEnumerable<Dictionary<string, string>> Constraints(ForeignObject one, string name) =>
        (one.At("status", "atProvider", "constraints") is not null ? one.Objects("status", "atProvider", "constraints") : one.Objects("spec", "forProvider", "constraints"))
            .Select(constraints => ForeignObject.MapOf(constraints[name])).OfType<Dictionary<string, string>>();

    private static string? Arn(ForeignObject one) => one.Text("status", "atProvider", "arn") is { } arn && ForeignKey.IsArn(arn) ? arn : null;

    // What AWS has comes before what is wanted.
    private static string? Text(ForeignObject one, string field) => one.Text("status", "atProvider", field) ?? one.Text("spec", "forProvider", field);

    private static bool? Flag(ForeignObject one, string field) => one.Flag("status", "atProvider", field) ?? one.Flag("spec", "forProvider", field);

    private static int? Number(ForeignObject one, string field) => one.Number("status", "atProvider", field) ?? one.Number("spec", "forProvider", field);

    /// <summary>With Observe alone Crossplane neither changes nor deletes the key. Resources of the cluster have a deletion policy beside that.</summary>
    private static ForeignSource Source(ForeignObject one) => one.Source(("patch", one.Group == ClusterGroup
        ? """--type merge -p '{"spec":{"managementPolicies":["Observe"],"deletionPolicy":"Orphan"}}'"""
        : """--type merge -p '{"spec":{"managementPolicies":["Observe"]}}'"""));
}
