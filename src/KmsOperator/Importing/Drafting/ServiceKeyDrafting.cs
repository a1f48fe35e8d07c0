using System.Text.Json;
using System.Text.Json.Nodes;
using KmsOperator.Api;
using KmsOperator.Planning;
using KmsOperator.Policies;

namespace KmsOperator.Importing.Drafting;

/// <summary>Writes the ServiceKey for a key: only what differs from what class and defaults give anyway.</summary>
internal static class ServiceKeyDrafting
{
    /// <summary>The ServiceKey for a key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="name">Name of the resource.</param>
    /// <param name="namespace">Its namespace; null to leave it to <c>kubectl</c>.</param>
    /// <param name="keyClass">Its class.</param>
    /// <param name="fit">How its policy is said.</param>
    /// <param name="replicas">Replicas of the key that are imported with it: they inherit its tags.</param>
    public static ServiceKey Draft(ForeignKey key, string name, string? @namespace, ClassDraft keyClass, PolicyFit fit, IReadOnlyList<ForeignKey> replicas)
    {
        var bare = new ServiceKey
        {
            Metadata = new ObjectMeta { Name = name, Namespace = @namespace },
            Spec = new ServiceKeySpec
            {
                ClassName = keyClass.Name,
                Service = fit.Service,
                ServiceParameters = ParametersOf(fit),
                KeySpec = key.KeySpec == KeySpecs.Default ? null : key.KeySpec,
                KeyUsage = key.KeyUsage == KeySpecs.DefaultUsage ? null : key.KeyUsage,
                MultiRegion = key.MultiRegion ? true : null,
                Access = fit.Override is null ? AccessSpecs.Of(fit.Access.Except(keyClass.Access), key.Region, key.AccountId) : null,
                Policy = PolicyOf(fit),
                Grants = GrantDrafting.SpecsOf(key),
                Enabled = key.Enabled ? null : false,
                Adopt = new AdoptSpec { KeyId = key.Arn },
                ManagementPolicy = ManagementPolicies.Observe,
            },
        };
        bare = bare with { Spec = bare.Spec with { Alias = AliasOf(bare, key, keyClass) } };
        bare = bare with { Spec = bare.Spec with { AdditionalAliases = ForeignAliases.Additional(key, ServiceKeyResolver.AliasOf(bare, keyClass.Resource)) } };
        var defaults = ServiceKeyResolver.Resolve(bare, keyClass.Resource, key.AccountId, "").Value;
        return bare with
        {
            Spec = bare.Spec with
            {
                // Without a service the default names the namespace, which a person may still choose.
                Description = fit.Service is not null && defaults?.Description == key.Description ? null : key.Description,
                Rotation = RotationOf(key, keyClass.Resource.Spec.Rotation),
                Tags = TagsOf(key, keyClass, defaults, replicas),
                PendingDeletionWindowDays = key.DeletionWindowDays == keyClass.Resource.Spec.PendingDeletionWindowDays ? null : key.DeletionWindowDays,
            },
        };
    }

    /// <summary>The tags that the manifest cannot name, because the replicas would inherit them.</summary>
    public static IReadOnlyList<string> TagsNotInherited(ForeignKey key, IReadOnlyList<ForeignKey> replicas) =>
        [.. ForeignTags.Of(key).Keys.Where(tag => tag != TagNames.Name && replicas.Any(replica => !replica.Tags.ContainsKey(tag)))];

    private static string? AliasOf(ServiceKey bare, ForeignKey key, ClassDraft keyClass)
    {
        var template = ServiceKeyResolver.AliasOf(bare, keyClass.Resource);
        return key.Aliases.Count == 0 || key.Aliases.Contains(template) ? null : key.Aliases.Order(StringComparer.Ordinal).First();
    }

    private static ServiceParametersSpec? ParametersOf(PolicyFit fit) => fit.Parameters.Count == 0 ? null : JsonSerializer.Deserialize(
        new JsonObject(fit.Parameters.Select(field => KeyValuePair.Create<string, JsonNode?>(field.Key, new JsonArray([.. field.Value.Select(value => (JsonNode)value)])))),
        ApiJsonContext.Default.ServiceParametersSpec);

    private static PolicySpec? PolicyOf(PolicyFit fit)
    {
        var isScoped = fit.Preset == PolicyPreset.Scoped;
        return fit.Override is null && fit.AdditionalStatements.Count == 0 && !isScoped ? null : new PolicySpec
        {
            Override = fit.Override,
            AdditionalStatements = fit.AdditionalStatements.Count > 0 ? fit.AdditionalStatements : null,
            Preset = isScoped ? nameof(PolicyPreset.Scoped) : null,
        };
    }

    private static RotationSpec? RotationOf(ForeignKey key, RotationSpec? ofClass)
    {
        if (!KeySpecs.CanRotate(key.KeySpec, key.KeyUsage) || key.Rotation is not { } rotation)
        {
            return null;
        }

        var enabled = rotation.Enabled == (ofClass?.Enabled ?? true) ? (bool?)null : rotation.Enabled;
        var days = rotation.Enabled && rotation.PeriodDays is { } period && period != (ofClass?.PeriodDays ?? 365) ? period : (int?)null;
        return enabled is null && days is null ? null : new RotationSpec { Enabled = enabled, PeriodDays = days };
    }

    private static SortedDictionary<string, string>? TagsOf(ForeignKey key, ClassDraft keyClass, DesiredKey? defaults, IReadOnlyList<ForeignKey> replicas)
    {
        var notInherited = TagsNotInherited(key, replicas);
        var own = ForeignTags.Of(key).Where(tag => tag.Key == TagNames.Name
            ? defaults?.Tags.GetValueOrDefault(TagNames.Name) != tag.Value
            : keyClass.Resource.Spec.Tags?.ContainsKey(tag.Key) != true && !notInherited.Contains(tag.Key)).ToDictionary();
        return own.Count > 0 ? new SortedDictionary<string, string>(own, StringComparer.Ordinal) : null;
    }
}
