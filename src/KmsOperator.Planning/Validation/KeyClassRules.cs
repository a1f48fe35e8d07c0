using System.Globalization;
using KmsOperator.Api;

namespace KmsOperator.Planning;

/// <summary>The rules of <see cref="KeyClass"/>.</summary>
internal static class KeyClassRules
{
    private static readonly string[] Froms = ["All", "Selector", "None"];
    private static readonly string[] Permissions = ["Allow", "Deny"];
    private static readonly string[] Operators = ["In", "NotIn", "Exists", "DoesNotExist"];

    public static void Check(FieldErrors errors, KeyClassSpec spec)
    {
        SharedRules.Region(errors, "spec.region", spec.Region);
        Account(errors, spec.Account);
        AliasNaming(errors, spec);
        SharedRules.Tags(errors, spec.Tags);
        SharedRules.Access(errors, spec.Access);
        errors.OneOf("spec.policyPreset", spec.PolicyPreset, SharedRules.Presets);
        SharedRules.Rotation(errors, spec.Rotation);
        SharedRules.Deletion(errors, spec.DeletionPolicy, spec.PendingDeletionWindowDays);
        Allowed(errors, spec.Allowed);
        Guards(errors, spec);
        AllowedNamespaces(errors, spec.AllowedNamespaces);
        errors.OneOf("spec.permissions.policyOverride", spec.Permissions?.PolicyOverride, Permissions);
        errors.OneOf("spec.permissions.additionalAccess", spec.Permissions?.AdditionalAccess, Permissions);
        errors.OneOf("spec.permissions.adoption", spec.Permissions?.Adoption, Permissions);
        errors.OneOf("spec.permissions.aliasTakeOver", spec.Permissions?.AliasTakeOver, Permissions);
        errors.OneOf("spec.permissions.undelete", spec.Permissions?.Undelete, Permissions);
    }

    private static void Account(FieldErrors errors, AccountSpec? account)
    {
        if (account is null) return;
        var idIsFine = SharedRules.AccountId(errors, "spec.account.id", account.Id);
        if (SharedRules.Arn(errors, "spec.account.roleArn", account.RoleArn, Patterns.RoleArn, "the ARN of an IAM role") && idIsFine)
            errors.Require(account.RoleArn!.Split(':')[4] == account.Id, "spec.account", "id is not the account of roleArn, correct one of the two or remove id");
        const string expected = "an external id of letters, digits and _ + = , . @ : / -";
        errors.Text("spec.account.externalId", account.ExternalId, 1224, Patterns.ExternalId, expected, minLength: 2);
        errors.Require(
            account.ExternalId is null || account.RoleArn is not null, "spec.account",
            "externalId is only used with roleArn, set that or remove externalId");
    }

    private static void AliasNaming(FieldErrors errors, KeyClassSpec spec)
    {
        const string prefix = "spec.aliasPrefix", template = "spec.aliasTemplate";
        const string reserved = AliasName.ReservedMessage + ", choose another name";
        if (spec.AliasPrefix.Length == 0)
            errors.Add(prefix, "Required value: keys get alias/{aliasPrefix}/{service}");
        else if (errors.Text(prefix, spec.AliasPrefix, 200, Patterns.AliasPrefix, "a part of an alias name (letters, digits, / _ -)"))
            errors.Require(spec.AliasPrefix != "aws" && !spec.AliasPrefix.StartsWith("aws/", StringComparison.Ordinal), prefix, reserved);

        const string expected = "a template: letters, digits, '/', '_', '-', {prefix}, {service}, {namespace} and {name}";
        if (errors.Text(template, spec.AliasTemplate, 250, Patterns.AliasTemplate, expected, minLength: 1))
            errors.Require(!spec.AliasTemplate!.StartsWith("aws/", StringComparison.Ordinal), template, reserved);
    }

    private static void Allowed(FieldErrors errors, AllowedSpec? allowed)
    {
        if (allowed is null) return;
        (string Name, IReadOnlyList<string>? Patterns)[] lists =
        [
            ("services", allowed.Services), ("keySpecs", allowed.KeySpecs), ("regions", allowed.Regions), ("principals", allowed.Principals),
            ("trustedAccounts", allowed.TrustedAccounts), ("tagKeys", allowed.TagKeys), ("aliases", allowed.Aliases), ("deletionPolicies", allowed.DeletionPolicies),
            ("materialSecrets", allowed.MaterialSecrets),
        ];
        foreach (var (name, patterns) in lists)
        {
            var field = $"spec.allowed.{name}";
            errors.Require(
                patterns is not { Count: 0 }, field,
                $"must not be empty: leave the list out to allow {(name == "materialSecrets" ? "nothing" : "anything")}");
            errors.Set(field, patterns, 100, (item, pattern) => errors.Text(item, pattern, 2048, minLength: 1));
        }

        ClassValidations.Check(errors, allowed.Validations);
    }

    private static void Guards(FieldErrors errors, KeyClassSpec spec)
    {
        const string field = "spec.guards";
        if (spec.Guards is not { } guards) return;
        if (guards.KeepKeysInUse is { } inUse)
        {
            errors.Require(inUse.Days is not null, $"{field}.keepKeysInUse.days", "Required value: for how many days after its last use a key is kept");
            errors.InRange($"{field}.keepKeysInUse.days", inUse.Days, 1, 3650, "days");
        }

        errors.InRange($"{field}.minimumPendingDeletionWindowDays", guards.MinimumPendingDeletionWindowDays, 7, 30, "days");
        errors.Require(
            !((spec.PendingDeletionWindowDays ?? 30) < guards.MinimumPendingDeletionWindowDays), field,
            "guards.minimumPendingDeletionWindowDays is more than pendingDeletionWindowDays, change one of the two");
        var limits = guards.RotationPeriodDays;
        errors.InRange($"{field}.rotationPeriodDays.minimum", limits?.Minimum, 90, 2560, "days");
        errors.InRange($"{field}.rotationPeriodDays.maximum", limits?.Maximum, 90, 2560, "days");
        errors.Require(!(limits?.Minimum > limits?.Maximum), $"{field}.rotationPeriodDays", "minimum is more than maximum, change one of the two");
        var period = spec.Rotation?.PeriodDays ?? 365;
        errors.Require(
            spec.Rotation?.Enabled == false || !(period < limits?.Minimum || period > limits?.Maximum), field,
            "rotation.periodDays is outside guards.rotationPeriodDays, change one of the two");
        errors.Text($"{field}.onlyOrganization", guards.OnlyOrganization, 34, Patterns.Organization, "the id of an organization (o-...)");
    }

    private static void AllowedNamespaces(FieldErrors errors, AllowedNamespacesSpec? allowed)
    {
        if (allowed is null) return;
        const string field = "spec.allowedNamespaces";
        errors.OneOf($"{field}.from", allowed.From, Froms);
        if (allowed.From == "Selector")
            errors.Require(allowed.Selector is not null, field, "selector is required with from Selector, an empty one matches all");
        else
            errors.Require(allowed.Selector is null, field, "selector is only read with from Selector, set that or remove selector");
        Selector(errors, $"{field}.selector", allowed.Selector);
    }

    private static void Selector(FieldErrors errors, string field, LabelSelector? selector)
    {
        if (selector is null) return;
        errors.Count($"{field}.matchLabels", selector.MatchLabels?.Count, 64);
        foreach (var (key, value) in selector.MatchLabels ?? new Dictionary<string, string>())
        {
            LabelKey(errors, $"{field}.matchLabels", key);
            LabelValue(errors, $"{field}.matchLabels.{key}", value);
        }

        errors.Count($"{field}.matchExpressions", selector.MatchExpressions?.Count, 64);
        for (var i = 0; i < selector.MatchExpressions?.Count; i++)
            Requirement(errors, $"{field}.matchExpressions[{i.ToString(CultureInfo.InvariantCulture)}]", selector.MatchExpressions[i]);
    }

    private static void Requirement(FieldErrors errors, string field, LabelSelectorRequirement requirement)
    {
        LabelKey(errors, $"{field}.key", requirement.Key);
        errors.OneOf($"{field}.operator", requirement.Operator, Operators);
        var values = requirement.Values ?? [];
        errors.Count($"{field}.values", values.Count, 64);
        for (var i = 0; i < values.Count; i++)
            LabelValue(errors, $"{field}.values[{i.ToString(CultureInfo.InvariantCulture)}]", values[i]);
        if (requirement.Operator is "In" or "NotIn")
            errors.Require(values.Count > 0, field, "values is required with operator In or NotIn");
        else
            errors.Require(values.Count == 0, field, "values must be absent with operator Exists or DoesNotExist");
    }

    private static void LabelKey(FieldErrors errors, string field, string key) =>
        errors.Text(field, key, 317, Patterns.LabelKey, "the key of a label", minLength: 1);

    private static void LabelValue(FieldErrors errors, string field, string value) =>
        errors.Text(field, value, 63, Patterns.LabelValue, "the value of a label");
}
