using KmsOperator.Policies.Evaluation;
using static KmsOperator.Policies.StatementParts;

namespace KmsOperator.Policies;

/// <summary>Narrows the statements of the canonical policy to those of <see cref="PolicyPreset.Scoped"/>. A test shows that no request is allowed that was not before.</summary>
/// <remarks>
/// Sources: AWS KMS developer guide, "Least-privilege permissions", "Using policy conditions with AWS KMS" and "Grants in AWS KMS"; IAM user guide, "The confused deputy problem".
/// </remarks>
internal static class ScopedStatements
{
    private const string Everybody = "*";
    private const string GrantOperations = "kms:GrantOperations";
    private const string IsForAwsResource = "kms:GrantIsForAWSResource";
    private static readonly ConditionTemplate OfOrganization = Equal("aws:PrincipalOrgID", Placeholders.Organization);
    private static readonly ConditionTemplate FromOrganization = Equal("aws:SourceOrgID", Placeholders.Organization);

    /// <summary>The statements in place of a canonical one. Those that deny, and the one of the account's root, stay as they are.</summary>
    /// <param name="template">The canonical statement.</param>
    /// <param name="actions">What the key can be used for.</param>
    public static IEnumerable<StatementTemplate> Of(StatementTemplate template, KeyActions actions) =>
        template.Effect != "Allow" || template.Actions.Contains("kms:*") ? [template] : BySource(template).SelectMany(part => ByAction(part, actions));

    /// <summary>Services that say for which resource they act must do so for one of the key's account; everybody else must be of an allowed account.</summary>
    private static IEnumerable<StatementTemplate> BySource(StatementTemplate template)
    {
        if (template.PrincipalType == "Service")
        {
            string[] silent = [.. template.Principals.Intersect(template.WithoutSource)];
            string[] others = [.. template.Principals.Except(silent)];
            return
            [
                .. others.Length == 0 ? [] : (StatementTemplate[])[template with { Principals = others, Conditions = [.. template.Conditions, .. SourcePins(template)] }],
                .. silent.Length == 0 ? [] : (StatementTemplate[])[template with { Sid = others.Length == 0 ? template.Sid : $"{template.Sid}WithoutSource", Principals = silent }],
            ];
        }

        var isOpen = template.Principals.Contains(Everybody);
        return
        [
            template with
            {
                Conditions =
                [
                    .. template.Conditions,
                    .. isOpen && !Has(template, CallerAccount.Key) ? [CallerAccount] : (ConditionTemplate[])[],
                    .. isOpen || template.Principals.Contains(Placeholders.TrustedAccountRoots) ? [OfOrganization] : (ConditionTemplate[])[],
                ],
            },
        ];
    }

    private static IEnumerable<ConditionTemplate> SourcePins(StatementTemplate template)
    {
        if (Has(template, "aws:SourceAccount") || Has(template, "aws:SourceArn"))
        {
            return [FromOrganization];
        }

        // The encryption context of a service is its own. Where it names the account, it says for whom the service acts.
        return template.Conditions.Any(condition => condition.Key.StartsWith(Context, StringComparison.Ordinal) && condition.Values.Any(NamesAccount))
            ? []
            : [FromAccount, FromOrganization];
    }

    /// <summary>Lists the actions that a pattern stands for, and gives the permission to make grants a statement of its own.</summary>
    private static IEnumerable<StatementTemplate> ByAction(StatementTemplate template, KeyActions actions)
    {
        // Services have no use for pairs of data keys.
        var forService = template.PrincipalType == "Service" || template.Principals.Contains(Everybody);
        string[] listed = [.. template.Actions.SelectMany(action => Expand(action, actions)).Where(action => !forService || !IsDataKeyPair(action)).Distinct()];
        if (!listed.Contains(Grant))
        {
            return [template with { Actions = listed }];
        }

        string[] others = [.. listed.Where(action => action != Grant)];
        string[] operations = [.. actions.GrantOperations.Where(operation => !forService || !IsDataKeyPair(operation))];
        return
        [
            .. others.Length == 0 ? [] : (StatementTemplate[])[template with { Actions = others }],
            template with
            {
                Sid = others.Length == 0 ? template.Sid : $"{template.Sid}CreateGrant",
                Actions = [Grant],
                Conditions =
                [
                    .. template.Conditions,
                    .. Has(template, IsForAwsResource) || template.PrincipalType == "Service" ? [] : (ConditionTemplate[])[GrantIsForAwsResource],
                    .. Has(template, GrantOperations) ? [] : (ConditionTemplate[])[new("ForAllValues:StringEquals", GrantOperations, operations)],
                    .. template.OnGrants,
                ],
            },
        ];
    }

    /// <summary>A pattern never stands for the permission to make grants: who needs it has it by name.</summary>
    private static IEnumerable<string> Expand(string action, KeyActions actions) =>
        action.EndsWith('*') ? actions.All.Where(one => one != Grant && WildcardPattern.IsMatch(action, one)) : [action];

    private static bool IsDataKeyPair(string action) => action.Contains("DataKeyPair", StringComparison.Ordinal);

    private static bool NamesAccount(string value) => value.Contains(Placeholders.Account, StringComparison.Ordinal) || value.StartsWith(Placeholders.ParameterPrefix, StringComparison.Ordinal);

    private static bool Has(StatementTemplate template, string key) => template.Conditions.Any(condition => condition.Key == key);
}
