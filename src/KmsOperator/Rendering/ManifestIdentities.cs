using KmsOperator.Api;
using KmsOperator.Manifests;

namespace KmsOperator.Rendering;

/// <summary>What a cluster or KMS has once only: a resource's name, and an alias in an account and Region.</summary>
internal sealed class ManifestIdentities(List<ManifestError> errors)
{
    private readonly Dictionary<(string Kind, string Namespace, string Name), ManifestResource> _resources = [];
    private readonly Dictionary<(string Account, string Region, string Alias), (RenderedKey Key, ManifestResource Manifest)> _aliases = [];

    /// <summary>Whether a resource is the first of its name; the error for another one names both places.</summary>
    public bool IsFirst(ManifestResource manifest, string @namespace)
    {
        var resource = manifest.Resource;
        if (_resources.TryAdd((resource.Kind, @namespace, resource.Metadata.Name), manifest))
        {
            return true;
        }

        var first = _resources[(resource.Kind, @namespace, resource.Metadata.Name)];
        var home = @namespace.Length == 0 ? "" : $" in namespace {@namespace}";
        errors.Add(manifest.Error("metadata.name", $"{resource.Kind} {resource.Metadata.Name}{home} stands in {first.Place} already; remove or rename one of the two"));
        return false;
    }

    /// <summary>Whether a key is the first that wants its aliases there; the error for another one names both.</summary>
    public bool ClaimAliases(ManifestResource manifest, string field, RenderedKey key)
    {
        var isFirst = key.AliasName is not { } alias || Claim(manifest, field, key, alias);
        foreach (var additional in key.AdditionalAliases)
        {
            isFirst &= Claim(manifest, "spec.additionalAliases", key, additional);
        }

        return isFirst;
    }

    private bool Claim(ManifestResource manifest, string field, RenderedKey key, string alias)
    {
        if (_aliases.TryAdd((key.Location.AccountId, key.Location.Region, alias), (key, manifest)))
        {
            return true;
        }

        var (first, place) = _aliases[(key.Location.AccountId, key.Location.Region, alias)];
        errors.Add(manifest.Error(field, $"{Reasons.AliasConflict}: {key.Owner.Path} would get {alias} in account {key.Location.AccountId}, {key.Location.Region}, "
            + $"which {first.Owner.Path} ({place.Place}) gets; "
            + (alias == key.AliasName ? "set spec.alias of one of the two" : "remove it from spec.additionalAliases")));
        return false;
    }
}
