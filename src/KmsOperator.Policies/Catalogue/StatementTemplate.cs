namespace KmsOperator.Policies;

/// <summary>A statement of a generated policy, with placeholders for Region, partition and account.</summary>
/// <param name="Sid">Our own, stable and alphanumeric.</param>
/// <param name="Effect"><c>Allow</c> or <c>Deny</c>.</param>
/// <param name="PrincipalType"><c>AWS</c> or <c>Service</c>.</param>
/// <param name="Principals">Principals, or a placeholder of <see cref="Placeholders"/>.</param>
/// <param name="Actions">Actions.</param>
/// <param name="Conditions">Conditions: operator, key, values.</param>
public sealed record StatementTemplate(
    string Sid,
    string Effect,
    string PrincipalType,
    IReadOnlyList<string> Principals,
    IReadOnlyList<string> Actions,
    IReadOnlyList<ConditionTemplate> Conditions)
{
    /// <summary>Service principals whose requests of these actions do not say for which resource they are made, so that no condition may ask for it.</summary>
    public IReadOnlyList<string> WithoutSource { get; init; } = [];

    /// <summary>What AWS recommends for grants beyond <c>kms:GrantIsForAWSResource</c>; only in <see cref="PolicyPreset.Scoped"/>.</summary>
    public IReadOnlyList<ConditionTemplate> OnGrants { get; init; } = [];
}

/// <summary>A condition of a statement.</summary>
/// <param name="Operator">For example <c>StringEquals</c>.</param>
/// <param name="Key">For example <c>kms:ViaService</c>.</param>
/// <param name="Values">Values, with placeholders.</param>
public sealed record ConditionTemplate(string Operator, string Key, IReadOnlyList<string> Values);

/// <summary>Placeholders of templates.</summary>
public static class Placeholders
{
    /// <summary>The key's Region.</summary>
    public const string Region = "${Region}";

    /// <summary>The key's partition.</summary>
    public const string Partition = "${Partition}";

    /// <summary>The key's account.</summary>
    public const string Account = "${OwnerAccount}";

    /// <summary>All administrators, as a list.</summary>
    public const string Administrators = "${Administrators}";

    /// <summary>All users, as a list.</summary>
    public const string Users = "${Users}";

    /// <summary>All users and administrators, as a list.</summary>
    public const string UsersAndAdministrators = "${UsersAndAdministrators}";

    /// <summary>Before the name of a part of the usage: the principals that have only that part, as a list.</summary>
    public const string VerbPrefix = "${Verb}";

    /// <summary>Root ARNs of the trusted accounts, as a list.</summary>
    public const string TrustedAccountRoots = "${TrustedAccountRoots}";

    /// <summary>Before the name of a field of <c>spec.serviceParameters</c>: its values, or the row's default, as a list. Text may follow after a slash.</summary>
    public const string ParameterPrefix = "${Parameter}";

    /// <summary>Id of the organization that the class names; a condition without one is left out.</summary>
    public const string Organization = "${Organization}";

    /// <summary>The key's account, with the trusted ones if they may use the service, as a list.</summary>
    public const string AllowedAccounts = "${AllowedAccounts}";
}
