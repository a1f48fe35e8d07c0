using System.Globalization;
using KmsOperator.Api;
using KmsOperator.Planning;
using KmsOperator.Policies;
using KmsOperator.Simulation.Worlds;
using KmsSimulator.Grants;
using KmsSimulator.State;

namespace KmsOperator.Simulation.Promises;

/// <summary>Compares what a ServiceKey describes with what KMS has: by its own means, and not by the planner's.</summary>
internal static class Description
{
    /// <summary>What is not as described; null when everything is.</summary>
    /// <param name="world">The world.</param>
    /// <param name="resource">The resource.</param>
    /// <param name="except">What does not count.</param>
    public static string? FindDifference(SimulatedWorld world, ServiceKey resource, Aspects except = Aspects.None)
    {
        if (resource.Spec.Suspend == true || resource.Metadata.DeletionTimestamp is not null)
            return null;
        if (world.Cluster.ClassOf(resource) is not { } keyClass)
            return "it has no class";
        var resolution = ServiceKeyResolver.Resolve(resource, keyClass, KmsService.AccountOf(keyClass.Spec.Region), SimulatedWorld.ClusterId);
        if (resolution.Value is not { } desired)
            return $"its spec is refused: {resolution.Error!.Message}";
        if (world.Keys.Find(desired.Location.Region, resource.Status?.KeyId) is not { } key)
            return $"it has no key ({resource.Status?.KeyId ?? "none"} in its status)";
        return FindDifference(world, desired, key, except);
    }

    /// <summary>A role that <c>access</c> names and that does not exist; null when there is none.</summary>
    public static string? FindMissingRole(SimulatedWorld world, ServiceKey resource) => (resource.Spec.Access?.Users ?? [])
        .FirstOrDefault(role => !world.Kms.State.Principals.Exists($"arn:aws:iam::{KmsService.AccountId}:role/{role}"));

    /// <summary>The material of the Secret that the spec names is the key's current one, or was: KMS rotates to no material twice. A disabled key is not rotated to new material.</summary>
    private static string? FindMaterialDifference(SimulatedWorld world, DesiredKey desired, KeyEntry key)
    {
        if (key.Group.Origin != "EXTERNAL")
            return null;
        if (key.Current.State == KeyState.PendingImport)
            return $"key {key.KeyId} waits for its material";
        if (desired.Material is not { } wanted || world.Cluster.MaterialIn(desired.Owner.Namespace, wanted.SecretName) is not { } bytes)
            return null;
        var id = world.Kms.State.Account(KmsService.AccountOf(key.Region)).MaterialId(key.KeyId, bytes);
        if (key.Current.Imports.GetValueOrDefault(id) is { } import && import.ValidTo != wanted.ValidTo)
            return $"its material is valid until {import.ValidTo?.ToString("u", CultureInfo.InvariantCulture) ?? "ever"}, not until {wanted.ValidTo?.ToString("u", CultureInfo.InvariantCulture) ?? "ever"}";
        var isRotating = key.Shared.OnDemandRotationStartDate is not null && key.Shared.PendingMaterial?.Id == id;
        return desired.Enabled && !isRotating && !key.Shared.Materials.Any(material => material.Id == id) ? $"it has not rotated to the material of Secret {wanted.SecretName}" : null;
    }

    /// <summary>Each wanted grant is there once as the operator's own, or as one that others made and that gives the same; and the operator has made no other.</summary>
    private static string? FindGrantDifference(SimulatedWorld world, DesiredKey desired, KeyEntry key)
    {
        string[] own = [.. world.Keys.OwnGrants(key).Select(grant => grant.Name ?? "")];
        if (own.Except(desired.Grants.Select(grant => grant.KmsName)).FirstOrDefault() is { } obsolete)
            return $"grant {obsolete} is not wanted";
        if (own.Distinct().Count() != own.Length)
            return $"a grant is there twice: {string.Join(", ", own)}";
        return desired.Grants.FirstOrDefault(wanted => !own.Contains(wanted.KmsName) && !world.Keys.Grants(key).Any(grant => GivesTheSame(grant, wanted))) is { } missing
            ? $"grant {missing.KmsName} is missing, and nobody else made one like it"
            : null;
    }

    /// <summary>Whether a grant of others gives what a script's entry gives: an operation to a role, without constraints.</summary>
    private static bool GivesTheSame(Grant grant, DesiredGrant wanted) =>
        !GrantName.IsOwn(grant.Name ?? "") && grant is { Constraints: null, RetiringPrincipal: null, RetiringService: null, GranteeService: null }
        && grant.GranteePrincipal == wanted.GranteePrincipal && grant.Operations.ToHashSet().SetEquals(wanted.Operations);

    private static string? FindDifference(SimulatedWorld world, DesiredKey desired, KeyEntry key, Aspects except)
    {
        var withAlias = !except.HasFlag(Aspects.Alias);
        var record = key.Current;
        if (KeyTruth.IsPendingDeletion(key))
            return $"key {key.KeyId} is {record.State}";
        if (record.State != KeyState.PendingImport && (record.State == KeyState.Disabled) == desired.Enabled)
            return $"key {key.KeyId} is {record.State}";
        if (withAlias && world.Keys.TargetOf(key.Region, desired.AliasName) is var target && target != key.KeyId)
            return $"{desired.AliasName} is at {target ?? "no key"}, not at {key.KeyId}";
        if (withAlias && desired.AdditionalAliases.FirstOrDefault(alias => world.Keys.TargetOf(key.Region, alias) != key.KeyId) is { } missing)
            return $"{missing} is at {world.Keys.TargetOf(key.Region, missing) ?? "no key"}, not at {key.KeyId}";
        if (record.Description != desired.Description)
            return $"its description is \"{record.Description}\", not \"{desired.Description}\"";
        foreach (var (name, value) in desired.Tags)
        {
            if (record.Tags.GetValueOrDefault(name) != value)
                return $"tag {name} is \"{record.Tags.GetValueOrDefault(name)}\", not \"{value}\"";
        }

        if (!except.HasFlag(Aspects.Policy) && !PolicyComparer.AreEquivalent(record.Policy.Document, desired.Policy.Text))
            return "its policy is another";
        if (!except.HasFlag(Aspects.Material) && FindMaterialDifference(world, desired, key) is { } material)
            return material;
        if (desired.Enabled && FindGrantDifference(world, desired, key) is { } grants)
            return grants;
        if (!except.HasFlag(Aspects.Primary) && desired.WantedPrimary is { } primary && world.Keys.Find(primary.Region, key.KeyId) is not { IsPrimary: true })
            return $"its primary is not in {primary.Region}";
        if (!except.HasFlag(Aspects.Rotation) && desired.Rotation is { } rotation && desired.Enabled && key.Shared.RotationPeriodInDays != (rotation.Enabled ? rotation.PeriodDays : null))
            return $"it rotates every {key.Shared.RotationPeriodInDays?.ToString(CultureInfo.InvariantCulture) ?? "never"} days";
        return null;
    }
}

/// <summary>Parts of what a ServiceKey describes.</summary>
[Flags]
internal enum Aspects
{
    /// <summary>None of them.</summary>
    None = 0,

    /// <summary>The key policy.</summary>
    Policy = 1,

    /// <summary>The aliases.</summary>
    Alias = 2,

    /// <summary>The rotation.</summary>
    Rotation = 4,

    /// <summary>Where the primary is.</summary>
    Primary = 8,

    /// <summary>The imported key material.</summary>
    Material = 16,
}
