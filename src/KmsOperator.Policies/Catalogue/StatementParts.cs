namespace KmsOperator.Policies;

/// <summary>The recurring parts of the catalogue.</summary>
internal static class StatementParts
{
    /// <summary>Permission to make grants.</summary>
    public const string Grant = "kms:CreateGrant";

    /// <summary>Permission to list grants.</summary>
    public const string ListGrants = "kms:ListGrants";

    /// <summary>What using a key means.</summary>
    public static readonly string[] Use = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"];

    /// <summary>The same for services that call as themselves.</summary>
    public static readonly string[] UseByService = ["kms:Decrypt*", "kms:Describe*", "kms:Encrypt*", "kms:GenerateDataKey*", "kms:ReEncrypt*"];

    /// <summary>CloudWatch Logs, for the account's own log groups.</summary>
    public static readonly StatementTemplate Logs = new(
        "CloudWatchLogs",
        "Allow",
        "Service",
        [$"logs.{Placeholders.Region}.amazonaws.com"],
        UseByService,
        [
            new ConditionTemplate(
                "ArnLike",
                "kms:EncryptionContext:aws:logs:arn",
                [$"arn:{Placeholders.Partition}:logs:{Placeholders.Region}:{Placeholders.Account}:*"]),
        ]);

    /// <summary>Anybody of the allowed accounts, through a service only.</summary>
    public static StatementTemplate ViaService(IReadOnlyList<string> actions, params string[] services) => new(
        "ViaService", "Allow", "AWS", ["*"], actions, [CallerAccount, Through(services)]);

    /// <summary>Services that call as themselves.</summary>
    public static StatementTemplate ByService(string sid, IReadOnlyList<string> principals, IReadOnlyList<string> actions) =>
        new(sid, "Allow", "Service", principals, actions, []);

    /// <summary>Grants that AWS Certificate Manager makes, limited to these operations.</summary>
    public static StatementTemplate AcmGrant(string sid, params string[] operations) => new(
        sid,
        "Allow",
        "AWS",
        ["*"],
        [Grant],
        [
            new ConditionTemplate("Bool", "kms:GrantIsForAWSResource", ["true"]),
            new ConditionTemplate("ForAllValues:StringEquals", "kms:GrantOperations", operations),
            CallerAccount,
            Through(["acm"]),
        ]);

    private static ConditionTemplate CallerAccount => new("StringEquals", "kms:CallerAccount", [Placeholders.AllowedAccounts]);

    private static ConditionTemplate Through(IReadOnlyList<string> services) =>
        new("StringEquals", "kms:ViaService", [.. services.Select(service => $"{service}.{Placeholders.Region}.amazonaws.com")]);
}
