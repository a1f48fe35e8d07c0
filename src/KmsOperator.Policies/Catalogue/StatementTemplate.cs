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
    IReadOnlyList<ConditionTemplate> Conditions);

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

    /// <summary>The key's account, with the trusted ones if they may use the service, as a list.</summary>
    public const string AllowedAccounts = "${AllowedAccounts}";
}
