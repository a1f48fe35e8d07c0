using KmsOperator.Api;
using KmsOperator.Policies;

namespace KmsOperator.Planning;

/// <summary>The rules of <see cref="ServiceKey"/>.</summary>
internal static class ServiceKeyRules
{
    private const string OtherResource = "create another resource instead";

    private static readonly string[] Services = [.. ServiceCatalogue.Services.Keys];

    public static void Check(FieldErrors errors, ServiceKey key)
    {
        var spec = key.Spec;
        SharedRules.Name(errors, "spec.className", spec.ClassName);
        errors.OneOf("spec.service", spec.Service, Services);
        SharedRules.Description(errors, spec.Description);
        AliasName.Check(errors, "spec.alias", spec.Alias);
        AliasName.CheckAdditional(errors, spec.AdditionalAliases);
        SpecAndUsage(errors, spec);
        OriginRules.Check(errors, spec);
        ServiceRules.Check(errors, spec);
        PrimaryRegion(errors, spec);
        Replicas(errors, key);
        SharedRules.Rotation(errors, spec.Rotation);
        SharedRules.Access(errors, spec.Access);
        foreach (var (verb, usage, names) in AccessVerbs.Of(spec.Access))
        {
            errors.Require(
                names is not { Count: > 0 } || (spec.KeyUsage ?? KeySpecs.DefaultUsage) == usage, $"spec.access.{verb}",
                $"access.{verb} needs keyUsage {usage}, remove it");
        }

        GrantRules.Check(errors, spec.Grants);
        foreach (var error in GrantRules.UsageErrors(spec.Grants, spec.KeySpec ?? KeySpecs.Default, spec.KeyUsage ?? KeySpecs.DefaultUsage))
        {
            errors.Add(error.Field, error.Message);
        }

        SharedRules.Policy(errors, spec.Policy);
        SharedRules.Tags(errors, spec.Tags);
        SharedRules.Deletion(errors, spec.DeletionPolicy, spec.PendingDeletionWindowDays);
        SharedRules.Publish(errors, spec.Publish);
        SharedRules.Management(errors, spec.Adopt, spec.ManagementPolicy);
        ClassName.CheckAgainstStatus(errors, spec.ClassName, key.Status);
        if (key.Status?.Service is { } made)
            errors.Require(made == spec.Service, "spec.service", Immutable("service", made));
    }

    public static void CheckUpdate(FieldErrors errors, ServiceKey before, ServiceKey after)
    {
        var (was, now) = (before.Spec, after.Spec);
        errors.Require(was.Service == now.Service, "spec.service", Immutable("service", was.Service));
        Unchanged("keySpec", was.KeySpec ?? KeySpecs.Default, now.KeySpec ?? KeySpecs.Default);
        Unchanged("keyUsage", was.KeyUsage ?? KeySpecs.DefaultUsage, now.KeyUsage ?? KeySpecs.DefaultUsage);
        Unchanged("multiRegion", was.MultiRegion is true ? "true" : "false", now.MultiRegion is true ? "true" : "false");
        Unchanged("origin", OriginRules.OriginOf(was), OriginRules.OriginOf(now));
        Unchanged("customKeyStoreId", was.CustomKeyStoreId, now.CustomKeyStoreId);
        Unchanged("xksKeyId", was.XksKeyId, now.XksKeyId);
        ClassName.CheckUpdate(errors, was.ClassName, now.ClassName, before.Status);

        void Unchanged(string name, string? old, string? @new) => errors.Require(
            old == @new, $"spec.{name}", $"{name} is immutable, KMS cannot change it; {(old is null ? "remove it" : $"set it back to {old}")} or {OtherResource}");
    }

    private static void SpecAndUsage(FieldErrors errors, ServiceKeySpec spec)
    {
        errors.OneOf("spec.keyUsage", spec.KeyUsage, KeySpecs.Usages);
        var name = spec.KeySpec ?? KeySpecs.Default;
        if (KeySpecs.TryGet(name) is not { } rules)
        {
            errors.OneOf("spec.keySpec", name, KeySpecs.All.Select(all => all.Name).ToArray());
            return;
        }

        var hint = spec.KeyUsage is null ? $", without one it is {KeySpecs.DefaultUsage}" : "";
        errors.Require(
            rules.Usages.Contains(spec.KeyUsage ?? KeySpecs.DefaultUsage), "spec.keyUsage",
            $"keyUsage must be {Alternatives(rules.Usages)} with keySpec {name}{hint}");
        errors.Require(
            rules.CanRotate || spec.Rotation?.Enabled is not true, "spec.rotation.enabled",
            $"rotation.enabled needs keySpec {KeySpecs.Default}, KMS rotates no other keys by itself; remove it");
    }

    private static void PrimaryRegion(FieldErrors errors, ServiceKeySpec spec)
    {
        const string field = "spec.primaryRegion";
        if (errors.Text(field, spec.PrimaryRegion, RegionName.MaxLength, Patterns.Region, RegionName.Expected))
            errors.Require(spec.MultiRegion is true, field, "primaryRegion needs multiRegion true, a single-Region key has no primary; remove it");
    }

    private static void Replicas(FieldErrors errors, ServiceKey key)
    {
        const string field = "spec.replicaRegions";
        errors.Set(field, key.Spec.ReplicaRegions, SharedRules.MaxReplicas, (item, region) => SharedRules.Region(errors, item, region));
        if (key.Spec.ReplicaRegions is not { Count: > 0 } regions) return;
        errors.Require(key.Spec.MultiRegion is true, field, "replicaRegions needs multiRegion true, which cannot be changed later");
        errors.Require(
            key.Metadata.Name.Length + 1 + regions.Max(region => region?.Length ?? 0) <= 253, "metadata.name",
            "metadata.name is too long for replicaRegions, a KeyReplica named after this resource and the Region has at most 253 characters");
    }

    private static string Immutable(string name, string? old) =>
        $"{name} is immutable, {OtherResource}{(old is null ? "" : $" or set it back to {old}")}";

    private static string Alternatives(IReadOnlyList<string> words) =>
        words.Count == 1 ? words[0] : $"{string.Join(", ", words.Take(words.Count - 1))} or {words[^1]}";
}
