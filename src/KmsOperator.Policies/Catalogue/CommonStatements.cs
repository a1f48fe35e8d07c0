namespace KmsOperator.Policies;

/// <summary>The statements of every generated policy; those whose principals are empty are left out.</summary>
internal static class CommonStatements
{
    /// <summary>Root, administrators and trusted accounts.</summary>
    public static IReadOnlyList<StatementTemplate> First { get; } =
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
        new("AdministratorGrants", "Allow", "AWS", [Placeholders.Administrators], Grants, [GrantIsForAwsResource]),
        new("TrustedAccounts", "Allow", "AWS", [Placeholders.TrustedAccountRoots], StatementParts.Use, []),
        new("TrustedAccountGrants", "Allow", "AWS", [Placeholders.TrustedAccountRoots], Grants, [GrantIsForAwsResource]),
    ];

    /// <summary>Users, on every key but those of a service whose own statement names them.</summary>
    public static StatementTemplate Users { get; } = new("Users", "Allow", "AWS", [Placeholders.Users], StatementParts.Use, []);

    private static string[] Grants => ["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"];

    private static ConditionTemplate GrantIsForAwsResource => new("Bool", "kms:GrantIsForAWSResource", ["true"]);
}
