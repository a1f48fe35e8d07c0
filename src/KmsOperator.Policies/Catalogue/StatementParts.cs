namespace KmsOperator.Policies;

/// <summary>The recurring parts of the catalogue.</summary>
internal static class StatementParts
{
    /// <summary>Permission to make grants.</summary>
    public const string Grant = "kms:CreateGrant";

    /// <summary>Permission to list grants.</summary>
    public const string ListGrants = "kms:ListGrants";

    /// <summary>Begins the condition keys of the encryption context.</summary>
    public const string Context = "kms:EncryptionContext:";

    /// <summary>What using a key means.</summary>
    public static readonly string[] Use = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"];

    /// <summary>The same for services that call as themselves.</summary>
    public static readonly string[] UseByService = ["kms:Decrypt*", "kms:Describe*", "kms:Encrypt*", "kms:GenerateDataKey*", "kms:ReEncrypt*"];

    /// <summary>CloudWatch Logs, for the account's own log groups.</summary>
    public static readonly StatementTemplate Logs = ByService(
        "CloudWatchLogs", [$"logs.{Placeholders.Region}.amazonaws.com"], UseByService, Like($"{Context}aws:logs:arn", Own("logs", "*")));

    /// <summary>The resource that a service acts for is one of the key's account.</summary>
    public static readonly ConditionTemplate FromAccount = Equal("aws:SourceAccount", Placeholders.Account);

    /// <summary>The grant is one that an AWS service asks for.</summary>
    public static readonly ConditionTemplate GrantIsForAwsResource = new("Bool", "kms:GrantIsForAWSResource", ["true"]);

    /// <summary>The caller is one of the allowed accounts.</summary>
    public static readonly ConditionTemplate CallerAccount = Equal("kms:CallerAccount", Placeholders.AllowedAccounts);

    /// <summary>Anybody of the allowed accounts, through a service only.</summary>
    public static StatementTemplate ViaService(IReadOnlyList<string> actions, params string[] services) => new(
        "ViaService", "Allow", "AWS", ["*"], actions, [CallerAccount, Through(services)]);

    /// <summary>Anybody of the allowed accounts, through a service only, under more conditions.</summary>
    public static StatementTemplate ViaService(string sid, IReadOnlyList<string> actions, IReadOnlyList<string> services, params ConditionTemplate[] conditions) => new(
        sid, "Allow", "AWS", ["*"], actions, [.. conditions, CallerAccount, Through(services)]);

    /// <summary>Grants that a service asks for, through it.</summary>
    public static StatementTemplate GrantsVia(params string[] services) => ViaService("ViaServiceGrants", [Grant], services, GrantIsForAwsResource);

    /// <summary>Services that call as themselves.</summary>
    public static StatementTemplate ByService(string sid, IReadOnlyList<string> principals, IReadOnlyList<string> actions, params ConditionTemplate[] conditions) =>
        new(sid, "Allow", "Service", principals, actions, conditions);

    /// <summary>A value that is one of these.</summary>
    public static ConditionTemplate Equal(string key, params string[] values) => new("StringEquals", key, values);

    /// <summary>An ARN that has one of these forms.</summary>
    public static ConditionTemplate Like(string key, params string[] values) => new("ArnLike", key, values);

    /// <summary>A text that has one of these forms.</summary>
    public static ConditionTemplate TextLike(string key, params string[] values) => new("StringLike", key, values);

    /// <summary>The resource that a service acts for is one that <c>serviceParameters</c> names.</summary>
    public static ConditionTemplate FromResource(string parameter) => Like("aws:SourceArn", Parameter(parameter));

    /// <summary>The values of a field of <c>serviceParameters</c>.</summary>
    public static string Parameter(string name) => Placeholders.ParameterPrefix + name;

    /// <summary>The ARNs of resources of the key's account and Region.</summary>
    /// <param name="service">The service's name in ARNs.</param>
    /// <param name="resource">The last part of the ARN.</param>
    public static string Own(string service, string resource) => Arn(service, Placeholders.Region, resource);

    /// <summary>The ARNs of resources of the key's account.</summary>
    /// <param name="service">The service's name in ARNs.</param>
    /// <param name="region">The Region; empty for resources without one.</param>
    /// <param name="resource">The last part of the ARN.</param>
    public static string Arn(string service, string region, string resource) => $"arn:{Placeholders.Partition}:{service}:{region}:{Placeholders.Account}:{resource}";

    private static ConditionTemplate Through(IReadOnlyList<string> services) =>
        Equal("kms:ViaService", [.. services.Select(service => $"{service}.{Placeholders.Region}.amazonaws.com")]);
}
