using System.Text.RegularExpressions;
using KmsOperator.Api;
using KmsOperator.Policies;

namespace KmsOperator.Planning;

/// <summary>
/// The rules of the CRDs once more: API servers before 1.25 evaluate no CEL, and manifests on the command line meet no server at
/// all. Both sides are held together by tests/crd-cases.
/// </summary>
public static partial class SpecValidation
{
    /// <summary>What is wrong with a KeyClass; empty if nothing.</summary>
    public static IReadOnlyList<FieldError> Validate(KeyClass resource)
    {
        var spec = resource.Spec;
        var errors = new FieldErrors();
        errors.Region(spec.Region, "spec.region");
        errors.AccountId(spec.Account?.Id, "spec.account.id");
        if (spec.Account?.RoleArn is { } roleArn)
        {
            var match = RoleArn().Match(roleArn);
            errors.Require(match.Success, "spec.account.roleArn", $"\"{roleArn}\" is not the ARN of a role");
            errors.Require(
                !match.Success || spec.Account.Id is null || match.Groups["account"].Value == spec.Account.Id,
                "spec.account",
                "account.id and account.roleArn name different accounts");
        }

        errors.Require(spec.Account?.ExternalId is null || spec.Account.RoleArn is not null, "spec.account.externalId", "account.externalId needs account.roleArn");
        errors.Require(spec.Account?.ExternalId is null || ExternalId().IsMatch(spec.Account.ExternalId), "spec.account.externalId", "has characters that STS refuses, or not 2 to 1224 of them");
        errors.Require(
            spec.AliasPrefix.Length is >= 1 and <= 200 && AliasPart().IsMatch(spec.AliasPrefix), "spec.aliasPrefix", "must be letters, digits, / _ -, 200 at most");
        errors.Require(
            spec.AliasPrefix != "aws" && !spec.AliasPrefix.StartsWith("aws/", StringComparison.Ordinal), "spec.aliasPrefix", "names starting with alias/aws/ are reserved by AWS");
        errors.Require(
            spec.AliasTemplate is null || (spec.AliasTemplate.Length is >= 1 and <= 240 && AliasTemplatePattern().IsMatch(spec.AliasTemplate)),
            "spec.aliasTemplate",
            "may contain letters, digits, / _ - and {prefix}, {service}, {namespace}, {name}");
        errors.Tags(spec.Tags, "spec.tags");
        errors.Access(spec.Access, "spec.access");
        errors.OneOf(spec.PolicyPreset, "spec.policyPreset", "Canonical");
        errors.Rotation(spec.Rotation, "spec.rotation");
        errors.Deletion(spec.DeletionPolicy, spec.PendingDeletionWindowDays);
        errors.OneOf(spec.AllowedNamespaces?.From, "spec.allowedNamespaces.from", "All", "Selector", "None");
        if (spec.AllowedNamespaces is { } allowed)
        {
            errors.Require(allowed.From != "Selector" || allowed.Selector is not null, "spec.allowedNamespaces.selector", "from: Selector needs a selector");
            errors.Require(allowed.From == "Selector" || allowed.Selector is null, "spec.allowedNamespaces.selector", "a selector needs from: Selector");
            foreach (var requirement in allowed.Selector?.MatchExpressions ?? [])
            {
                errors.OneOf(requirement.Operator, "spec.allowedNamespaces.selector.matchExpressions", "In", "NotIn", "Exists", "DoesNotExist");
            }
        }

        errors.OneOf(spec.Permissions?.PolicyOverride, "spec.permissions.policyOverride", "Allow", "Deny");
        errors.OneOf(spec.Permissions?.AdditionalAccess, "spec.permissions.additionalAccess", "Allow", "Deny");
        return errors.Found;
    }

    /// <summary>What is wrong with a ServiceKey on its own; empty if nothing.</summary>
    public static IReadOnlyList<FieldError> Validate(ServiceKey resource)
    {
        var spec = resource.Spec;
        var errors = new FieldErrors();
        errors.Require(spec.Service is null || ServiceCatalogue.Services.ContainsKey(spec.Service), "spec.service", $"\"{spec.Service}\" is none of {string.Join(", ", ServiceCatalogue.Services.Keys)}");
        errors.MaxLength(spec.Description, 8192, "spec.description");
        errors.Alias(spec.Alias, "spec.alias");
        var keySpec = spec.KeySpec ?? ServiceKeyResolver.DefaultKeySpec;
        var keyUsage = spec.KeyUsage ?? ServiceKeyResolver.DefaultKeyUsage;
        if (!KeySpecs.Usages.TryGetValue(keySpec, out var usages))
        {
            errors.Add("spec.keySpec", $"\"{keySpec}\" is none of {string.Join(", ", KeySpecs.Usages.Keys)}");
        }
        else
        {
            errors.Require(usages.Contains(keyUsage), "spec.keyUsage", $"keyUsage does not fit keySpec: {keySpec} can be used for {string.Join(" or ", usages)}, not {keyUsage}");
        }

        errors.Require(
            spec.ReplicaRegions is not { Count: > 0 } || spec.MultiRegion == true, "spec.replicaRegions", "replicaRegions needs multiRegion: true");
        errors.List(spec.ReplicaRegions, 32, "spec.replicaRegions", errors.Region);
        errors.Rotation(spec.Rotation, "spec.rotation");
        errors.Access(spec.Access, "spec.access");
        errors.Policy(spec.Policy, "spec.policy");
        errors.Tags(spec.Tags, "spec.tags");
        errors.Deletion(spec.DeletionPolicy, spec.PendingDeletionWindowDays);
        errors.Publish(spec.Publish);
        return errors.Found;
    }

    /// <summary>What is wrong with a KeyReplica on its own; empty if nothing.</summary>
    public static IReadOnlyList<FieldError> Validate(KeyReplica resource)
    {
        var spec = resource.Spec;
        var errors = new FieldErrors();
        errors.Require(
            spec.PrimaryRef is not null != spec.PrimaryKeyArn is not null, "spec.primaryRef", "exactly one of primaryRef and primaryKeyArn is needed");
        errors.Require(spec.PrimaryRef is not { Name: "" }, "spec.primaryRef.name", "is missing");
        errors.Require(spec.ClassName is null || spec.PrimaryKeyArn is not null, "spec.className", "className goes with primaryKeyArn; with primaryRef the class is the primary's");
        errors.Region(spec.Region, "spec.region");
        if (spec.PrimaryKeyArn is { } arn)
        {
            var match = PrimaryKeyArn().Match(arn);
            errors.Require(match.Success, "spec.primaryKeyArn", $"\"{arn}\" is not the ARN of a multi-Region key (…:key/mrk-…)");
            errors.Require(match.Groups["region"].Value != spec.Region, "spec.region", "region is the primary's own; a replica needs another one");
        }

        errors.Alias(spec.Alias, "spec.alias");
        errors.MaxLength(spec.Description, 8192, "spec.description");
        errors.Access(spec.Access, "spec.access");
        errors.Policy(spec.Policy, "spec.policy");
        errors.Tags(spec.Tags, "spec.tags");
        errors.Deletion(spec.DeletionPolicy, spec.PendingDeletionWindowDays);
        errors.Publish(spec.Publish);
        return errors.Found;
    }

    /// <summary>What is wrong with a change of a ServiceKey; empty if nothing.</summary>
    public static IReadOnlyList<FieldError> ValidateUpdate(ServiceKey before, ServiceKey after)
    {
        var (old, now) = (before.Spec, after.Spec);
        var errors = new FieldErrors();
        errors.Require(old.Service == now.Service, "spec.service", "service is immutable");
        errors.Require((old.KeySpec ?? ServiceKeyResolver.DefaultKeySpec) == (now.KeySpec ?? ServiceKeyResolver.DefaultKeySpec), "spec.keySpec", "keySpec is immutable");
        errors.Require((old.KeyUsage ?? ServiceKeyResolver.DefaultKeyUsage) == (now.KeyUsage ?? ServiceKeyResolver.DefaultKeyUsage), "spec.keyUsage", "keyUsage is immutable");
        errors.Require((old.MultiRegion ?? false) == (now.MultiRegion ?? false), "spec.multiRegion", "multiRegion is immutable");
        errors.Require(before.Status?.KeyId is null || old.ClassName == now.ClassName, "spec.className", "className is immutable once the key exists");
        return errors.Found;
    }

    /// <summary>What is wrong with a change of a KeyReplica; empty if nothing.</summary>
    public static IReadOnlyList<FieldError> ValidateUpdate(KeyReplica before, KeyReplica after)
    {
        var (old, now) = (before.Spec, after.Spec);
        var errors = new FieldErrors();
        errors.Require(old.Region == now.Region, "spec.region", "region is immutable");
        errors.Require(old.PrimaryRef == now.PrimaryRef, "spec.primaryRef", "primaryRef is immutable");
        errors.Require(old.PrimaryKeyArn == now.PrimaryKeyArn, "spec.primaryKeyArn", "primaryKeyArn is immutable");
        errors.Require(before.Status?.KeyId is null || old.ClassName == now.ClassName, "spec.className", "className is immutable once the key exists");
        return errors.Found;
    }

    [GeneratedRegex("^arn:aws(-[a-z]+)*:iam::(?<account>[0-9]{12}):role/.+$", RegexOptions.ExplicitCapture)]
    private static partial Regex RoleArn();

    [GeneratedRegex(@"^[\w+=,.@:/-]{2,1224}$", RegexOptions.ECMAScript)]
    private static partial Regex ExternalId();

    [GeneratedRegex("^[a-zA-Z0-9/_-]+$")]
    private static partial Regex AliasPart();

    [GeneratedRegex(@"^([a-zA-Z0-9/_-]|\{(prefix|service|namespace|name)\})+$", RegexOptions.ExplicitCapture)]
    private static partial Regex AliasTemplatePattern();

    [GeneratedRegex("^arn:aws(-[a-z]+)*:kms:(?<region>[a-z]{2}(-[a-z]+)+-[0-9]+):[0-9]{12}:key/mrk-[0-9a-f]{32}$", RegexOptions.ExplicitCapture)]
    private static partial Regex PrimaryKeyArn();
}
