using KmsOperator.Api;
using KmsOperator.Manifests;
using KmsOperator.Planning;

namespace KmsOperator.Importing.Drafting;

/// <summary>
/// Holds a manifest against what the API server and the operator hold it against, and asks the operator's own planner what <c>managementPolicy: Full</c> would do to the key.
/// </summary>
/// <param name="aliasTargets">Targets of the aliases that are known, by account and Region.</param>
internal sealed class DraftCheck(IReadOnlyDictionary<(string AccountId, string Region), Dictionary<string, string>> aliasTargets)
{
    // Only the cluster knows them, and no step depends on them but the owner tags.
    private const string ClusterId = "";
    private const string AnyNamespace = "default";

    /// <summary>Checks a ServiceKey.</summary>
    public CheckedDraft Check(ServiceKey draft, ForeignKey key, KeyClass keyClass) => Check(draft, key, key.MultiRegion ? "PRIMARY" : null, parsed =>
        ServiceKeyResolver.Resolve((ServiceKey)parsed, keyClass, key.AccountId, ClusterId));

    /// <summary>Checks a KeyReplica.</summary>
    /// <param name="draft">The KeyReplica.</param>
    /// <param name="key">The replica that it is for.</param>
    /// <param name="keyClass">Its primary's class, or the one that it names.</param>
    /// <param name="primary">The ServiceKey that it is a replica of; null where another tool has the primary.</param>
    public CheckedDraft Check(KeyReplica draft, ForeignKey key, KeyClass keyClass, ServiceKey? primary) =>
        Check(draft, key, "REPLICA", parsed => Resolve((KeyReplica)parsed, key, keyClass, primary));

    /// <summary>What a KeyReplica comes to.</summary>
    public static Resolved<DesiredKey> Resolve(KeyReplica draft, ForeignKey key, KeyClass keyClass, ServiceKey? primary) => primary is not null
        ? KeyReplicaResolver.Resolve(draft, primary with { Status = new KeyStatus { KeyId = key.KeyId } }, null, keyClass, key.AccountId, ClusterId)
        : KeyReplicaResolver.Resolve(
            draft,
            new ObservedKey
            {
                KeyId = key.KeyId,
                Arn = draft.Spec.PrimaryKeyArn!,
                KeyState = KeyStates.Enabled,
                KeySpec = key.KeySpec,
                KeyUsage = key.KeyUsage,
                MultiRegionKeyType = "PRIMARY",
                PrimaryRegion = ForeignKey.RegionOf(draft.Spec.PrimaryKeyArn!),
                Policy = "{}",
            },
            primaryAlias: null, primaryHolder: null, keyClass, key.AccountId, ClusterId);

    /// <summary>What is wrong with a KeyClass; empty if nothing is.</summary>
    public static IReadOnlyList<string> Check(KeyClass draft)
    {
        var read = ManifestLoader.Parse(draft.Metadata.Name, ResourceYaml.Write(draft));
        return [.. read.Errors.Select(error => $"{error.Field}: {error.Message}"), .. SpecValidation.Validate(draft).Select(error => error.ToString())];
    }

    private CheckedDraft Check(IKeyResource draft, ForeignKey key, string? multiRegionType, Func<IKeyResource, Resolved<DesiredKey>> resolve)
    {
        // What is checked is the text that is written, as it is read back.
        var yaml = ResourceYaml.Write(draft);
        var read = ManifestLoader.Parse(draft.Metadata.Name, yaml);
        if (read.Errors.Count > 0)
        {
            return CheckedDraft.Refused(draft, [.. read.Errors.Select(error => $"{error.Field}: {error.Message}")]);
        }

        var (parsed, wrong) = read.Resources.Single().Resource switch
        {
            ServiceKey one => (one with { Metadata = one.Metadata with { Namespace = one.Metadata.Namespace ?? AnyNamespace } }, SpecValidation.Validate(one)),
            KeyReplica one => ((IKeyResource)(one with { Metadata = one.Metadata with { Namespace = one.Metadata.Namespace ?? AnyNamespace } }), SpecValidation.Validate(one)),
            var other => throw new InvalidOperationException($"{other.Kind} is no key."),
        };
        if (wrong.Count > 0)
        {
            return CheckedDraft.Refused(draft, [.. wrong.Select(error => error.ToString())]);
        }

        var (desired, refusal) = resolve(parsed);
        var observed = Observe(key, multiRegionType);
        if (desired is null || (refusal = KeyCompatibility.FindIncompatibility(desired, observed)) is not null)
        {
            return CheckedDraft.Refused(draft, [refusal!.Message]);
        }

        return new CheckedDraft(draft, yaml, [], [.. desired.AliasNames], KeyPlanner.Plan(desired, observed with { Grants = GrantsOf(desired, key) }, KeyRecord.Empty));
    }

    /// <summary>The operator asks for the grants of a key only if its resource lists some.</summary>
    private static ObservedGrant[]? GrantsOf(DesiredKey desired, ForeignKey key) => desired.Grants.Count == 0 ? null : [.. key.Grants.Where(grant => grant.Obstacle is null).Select(grant => grant.Observed)];

    private ObservedKey Observe(ForeignKey key, string? multiRegionType) => new()
    {
        KeyId = key.KeyId,
        Arn = key.Arn,
        KeyState = key.Enabled ? KeyStates.Enabled : KeyStates.Disabled,
        Description = key.Description,
        KeySpec = key.KeySpec,
        KeyUsage = key.KeyUsage,
        MultiRegionKeyType = multiRegionType,
        PrimaryRegion = key.PrimaryArn is { } primary ? ForeignKey.RegionOf(primary) : key.MultiRegion ? key.Region : null,
        Policy = key.Policy!,
        Rotation = key.Rotation is { } rotation ? new ObservedRotation(rotation.Enabled, rotation.PeriodDays, null) : null,
        Tags = key.Tags,
        AliasTargets = aliasTargets.GetValueOrDefault((key.AccountId, key.Region)) ?? [],
    };
}
