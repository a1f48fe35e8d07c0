using KmsOperator.Importing.Objects;

namespace KmsOperator.Importing.Ack;

/// <summary>Keys of AWS Controllers for Kubernetes.</summary>
/// <remarks>Source: CRDs of aws-controllers-k8s/kms-controller, <c>kms.services.k8s.aws/v1alpha1</c>; ACK documentation, "Deletion policy".</remarks>
internal static class AckKeys
{
    /// <summary>The API group.</summary>
    public const string Group = "kms.services.k8s.aws";

    private const string HowToExport = "Export the objects from the cluster: kubectl get keys.kms.services.k8s.aws,replicakeys.kms.services.k8s.aws,aliases.kms.services.k8s.aws,grants.kms.services.k8s.aws -A -o yaml";

    /// <summary>The keys among the objects of the group.</summary>
    public static ForeignKeys Of(IReadOnlyList<ForeignObject> objects)
    {
        var keys = new KeysOfObjects();
        foreach (var one in objects.Where(one => one.Kind == "Key"))
        {
            if (Arn(one) is not { } arn)
                keys.Leave(one, Source(one), $"has no status.ackResourceMetadata.arn, so its key is not known. {HowToExport}");
            else if (one.Text("spec", "customKeyStoreID") is not null || one.Text("spec", "origin") is not (null or "AWS_KMS"))
                keys.Leave(one, Source(one), ForeignKey.OfAnotherOrigin("ACK"));
            else
                keys.Add(one, Key(one, arn));
        }

        foreach (var one in objects.Where(one => one.Kind == "ReplicaKey"))
        {
            var primary = keys.ArnOf(Group, ReferredNamespace(one, "keyRef"), one.Text("spec", "keyRef", "from", "name")) ?? keys.Find(one.Text("spec", "keyID"), null);
            if (Arn(one) is not { } arn)
                keys.Leave(one, Source(one), $"has no status.ackResourceMetadata.arn, so its key is not known. {HowToExport}");
            else if (primary is null)
                keys.Leave(one, Source(one), "its primary is not among these objects, and no ARN names it. Add the primary's Key, or its ARN as spec.keyID");
            else
                keys.Add(one, Key(one, arn) with { PrimaryArn = primary, MultiRegion = true, Rotation = null });
        }

        foreach (var one in objects.Where(one => one.Kind is "Alias" or "Grant"))
        {
            var (byId, byReference) = one.Kind == "Alias" ? ("targetKeyID", "targetKeyRef") : ("keyID", "keyRef");
            var arn = keys.ArnOf(Group, ReferredNamespace(one, byReference), one.Text("spec", byReference, "from", "name")) ?? keys.Find(one.Text("spec", byId), one.Text("status", "ackResourceMetadata", "region"));
            if (!keys.Attach(arn, Source(one), key => one.Kind == "Alias" ? WithAlias(key, one) : WithGrant(key, one)))
                keys.Leave(one, Source(one), "its key is not among these objects; it stays with ACK");
        }

        return keys.ToForeignKeys();
    }

    private static ForeignKey Key(ForeignObject one, string arn) => new()
    {
        Arn = arn,
        Sources = [Source(one)],
        NameHint = one.Name,
        Description = one.Text("spec", "description") ?? "",
        KeySpec = one.Text("spec", "keySpec") ?? one.Text("status", "keySpec") ?? "SYMMETRIC_DEFAULT",
        KeyUsage = one.Text("spec", "keyUsage") ?? one.Text("status", "keyUsage") ?? "ENCRYPT_DECRYPT",
        Enabled = one.Text("status", "keyState") != "Disabled",
        MultiRegion = one.Flag("spec", "multiRegion") ?? false,

        // ACK has no field for the period; KMS takes 365 days then.
        Rotation = new ForeignRotation(one.Flag("spec", "enableKeyRotation") ?? false, null),
        Policy = one.Text("spec", "policy"),
        Tags = one.Tags("spec", "tags") ?? [],
        DeletionWindowDays = int.TryParse(one.Text("metadata", "annotations", "kms.services.k8s.aws/pending-window-in-days"), out var days) ? days : null,
    };

    private static ForeignKey WithAlias(ForeignKey key, ForeignObject one) =>
        one.Text("spec", "name") is { } name ? key with { Aliases = [.. key.Aliases, name.StartsWith("alias/", StringComparison.Ordinal) ? name : $"alias/{name}"] } : key;

    private static ForeignKey WithGrant(ForeignKey key, ForeignObject one) => key with { Grants = [.. key.Grants, Grant(one)] };

    private static ForeignGrant Grant(ForeignObject one) => new ForeignGrant(one.Label, one.Name)
    {
        Id = one.Text("status", "grantID"),
        Name = one.Text("spec", "name"),
        GranteePrincipal = one.Text("spec", "granteePrincipal"),
        RetiringPrincipal = one.Text("spec", "retiringPrincipal"),
        Operations = one.Texts("spec", "operations"),
        Obstacle = one.Text("status", "grantID") is null ? $"the object has no status.grantID, so KMS may not have it. {HowToExport}" : null,
    }.With(Constraints(one, "encryptionContextEquals"), Constraints(one, "encryptionContextSubset"));

    private static IEnumerable<Dictionary<string, string>> Constraints(ForeignObject one, string name) => one.Map("spec", "constraints", name) is { } pairs ? [pairs] : [];

    private static string? Arn(ForeignObject one) => one.Text("status", "ackResourceMetadata", "arn") is { } arn && ForeignKey.IsArn(arn) ? arn : null;

    private static string? ReferredNamespace(ForeignObject one, string reference) => one.Text("spec", reference, "from", "namespace") ?? one.Namespace;

    private static ForeignSource Source(ForeignObject one) => one.Source(("annotate", "services.k8s.aws/deletion-policy=retain --overwrite"));
}
