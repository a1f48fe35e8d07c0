namespace KmsOperator.Policies;

/// <summary>The statements of every generated policy; those whose principals are empty are left out.</summary>
internal static class CommonStatements
{
    /// <summary>Root, administrators and trusted accounts.</summary>
    public static IReadOnlyList<StatementTemplate> First(KeyActions actions) =>
    [
        new("RootAccess", "Allow", "AWS", [$"arn:{Placeholders.Partition}:iam::{Placeholders.Account}:root"], ["kms:*"], []),
        new(
            "Administrators",
            "Allow",
            "AWS",
            [Placeholders.Administrators],
            [
                "kms:CancelKeyDeletion", "kms:Create*", "kms:Delete*", "kms:Describe*", "kms:Disable*", "kms:Enable*", "kms:Get*", "kms:List*",
                "kms:Put*", "kms:Revoke*", "kms:ScheduleKeyDeletion", "kms:TagResource", "kms:UntagResource", "kms:Update*",
            ],
            []),
        .. ServiceGrants("AdministratorGrants", Placeholders.Administrators, actions),
        new("TrustedAccounts", "Allow", "AWS", [Placeholders.TrustedAccountRoots], actions.Use, []),
        .. ServiceGrants("TrustedAccountGrants", Placeholders.TrustedAccountRoots, actions),
    ];

    /// <summary>Users, on every key but those of a service whose own statement names them.</summary>
    public static StatementTemplate Users(KeyActions actions) => new("Users", "Allow", "AWS", [Placeholders.Users], actions.Use, []);

    /// <summary>Principals that have a part of the usage only: a statement for each part.</summary>
    public static IEnumerable<StatementTemplate> Verbs(KeyActions actions) => actions.Verbs.Select(verb => new StatementTemplate(
        $"{char.ToUpperInvariant(verb.Key[0])}{verb.Key[1..]}", "Allow", "AWS", [$"{Placeholders.VerbPrefix}{verb.Key}"], verb.Value, []));

    private static string[] Grants => ["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"];

    private static StatementTemplate[] ServiceGrants(string sid, string principals, KeyActions actions) =>
        actions.HasServiceGrants ? [new(sid, "Allow", "AWS", [principals], Grants, [GrantIsForAwsResource])] : [];

    private static ConditionTemplate GrantIsForAwsResource => new("Bool", "kms:GrantIsForAWSResource", ["true"]);
}
